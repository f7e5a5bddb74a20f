// What is chosen on a page, kept in its address: a link shows the same to whoever opens it.
import { useNavigate, useSearch } from "@tanstack/react-router";

type Search = Record<string, unknown>;

/** One text of the address. The route's `validateSearch` must know its name. */
export function useInUrl<T extends string = string>(name: string): [T | undefined, (to: T | undefined) => void] {
  const value = useSearch({ strict: false, select: (search: Search) => search[name] } as never) as T | undefined;
  const navigate = useNavigate();
  const put = (to: T | undefined) => void navigate({ to: ".", search: (old: Search) => ({ ...old, [name]: to === "" ? undefined : to }), replace: true } as never);
  return [value, put];
}
