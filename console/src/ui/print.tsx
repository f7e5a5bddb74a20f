import { useSession } from "../queries";
import { absolute, useServerNow, useZone } from "../time";

/** Only on paper: where it comes from, who printed it, and when. */
export function PrintLine() {
  const [zone] = useZone();
  const now = useServerNow();
  const user = useSession().data?.user;
  return <p className="print-only small dim">Lanyard, {location.origin + location.pathname}. Printed {absolute(new Date(now).toISOString(), zone)}{user && ` by ${user}`}.</p>;
}
