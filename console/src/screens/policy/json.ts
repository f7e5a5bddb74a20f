// Values of a policy document, and the few things that every form does with them.

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type Part = Record<string, Json>;

/** One, or several: policy.toml lets a single one stand alone. */
export const list = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : value === undefined || value === null ? [] : [value]);
export const isPart = (value: Json | undefined): value is Part => typeof value === "object" && value !== null && !Array.isArray(value);
export const parts = (value: Json | undefined): Part[] => list(value).filter(isPart);
export const texts = (value: Json | undefined): string[] => list(value).filter((v) => v !== "").map(String);
/** One value stays one value, as people write it. */
export const single = (values: string[]): Json => (values.length === 1 ? values[0]! : values);

const isEmpty = (value: Json | undefined) => value === undefined || value === "" || (Array.isArray(value) && value.length === 0);

/** With another value for a key; without the key, if the value is empty. Everything else stays as it is. */
export function withKey(part: Part, key: string, value: Json | undefined): Part {
  if (!isEmpty(value)) return { ...part, [key]: value! };
  return Object.fromEntries(Object.entries(part).filter(([other]) => other !== key));
}
