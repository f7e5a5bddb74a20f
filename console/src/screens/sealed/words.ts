import type { Schemas } from "../../api";
import type { Tone } from "../../words";

export const SEAL_STATE: Record<Schemas["SealHead"]["state"], { label: string; tone: Tone }> = {
  open: { label: "may be applied", tone: "info" },
  outdated: { label: "outdated", tone: "off" },
  applying: { label: "being applied", tone: "held" },
  applied: { label: "applied", tone: "ok" },
};
