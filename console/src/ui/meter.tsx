/** How much of something limited is used; beyond three quarters it warns, when full it says so. `calm`: no limit, only a share. */
export function Meter({ label, value, max, calm }: { label: string; value: number; max: number; calm?: boolean }) {
  const part = max > 0 ? Math.min(1, value / max) : calm ? 0 : 1;
  const fill = calm ? "info" : part >= 1 ? "failed" : part >= 0.75 ? "held" : "ok";
  return (
    <div className="meter" role="meter" aria-label={label} aria-valuemin={0} aria-valuemax={Math.max(1, max)} aria-valuenow={Math.min(value, max)} data-fill={fill}>
      <i style={{ width: `${100 * part}%` }} />
    </div>
  );
}
