// A moment to ask about, typed in the zone in which times are read. Its screen brings `forms.css`.
import { Button, TextInput } from "@mantine/core";
import { useZone } from "../time";

/** An instant as the field shows it. */
export function field(at: string, utc: boolean): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return "";
  return new Date(date.getTime() - (utc ? 0 : date.getTimezoneOffset() * 60_000)).toISOString().slice(0, 16);
}

export function instant(text: string, utc: boolean): string | undefined {
  const date = new Date(utc ? `${text}Z` : text);
  return text === "" || Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** `empty` says what no moment means, and its word is the button that takes the moment away; without it one is needed. */
export function Moment({ label, at, ask, empty }: { label: string; at?: string; ask: (at: string | undefined) => void; empty?: string }) {
  const [zone] = useZone();
  const utc = zone === "utc";
  return (
    <TextInput
      type="datetime-local"
      label={`${label} (${utc ? "UTC" : "local time"})`}
      description={empty ? `Empty: ${empty}` : "Needed"}
      value={at ? field(at, utc) : ""}
      onChange={(e) => ask(instant(e.currentTarget.value, utc))}
      rightSection={at && empty ? <Button size="compact-xs" variant="subtle" onClick={() => ask(undefined)}>{empty}</Button> : undefined}
      rightSectionWidth={56}
      maw={420}
    />
  );
}
