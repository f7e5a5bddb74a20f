import { useRouter } from "@tanstack/react-router";
import type { MouseEvent, ReactNode } from "react";
import type { PersonSearch } from "../router";

type Target =
  | { to: "/$tenant/people/$home/$id"; params: { tenant: string; home: string; id: string }; search?: Required<Pick<PersonSearch, "tab">> }
  | { to: "/$tenant/plans/$planId"; params: { tenant: string; planId: string }; search?: undefined };

function address({ to, params, search }: Target): string {
  const path = to.replace(/\$(\w+)/g, (_, name: string) => encodeURIComponent((params as Record<string, string>)[name] ?? ""));
  const query = new URLSearchParams(search as Record<string, string> | undefined).toString();
  return query ? `${path}?${query}` : path;
}

/** Goes there; for a row that is touched anywhere. */
export function useGo(): (target: Target) => void {
  const router = useRouter();
  return (target) => void router.navigate(target);
}

/** A link in a long list. The router's own follows where the page is: a list of hundreds would work all of them out anew with each
 * touch, also where none of them changes. */
export function RowLink({ to, params, search, children, ...rest }: Target & { children: ReactNode; className?: string; style?: React.CSSProperties; "aria-label"?: string; "data-row"?: boolean }) {
  const go = useGo();
  const target = { to, params, search } as Target;
  const click = (event: MouseEvent) => {
    event.stopPropagation();
    // The browser's own ways to open a link stay its own.
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(target);
  };
  return <a href={address(target)} onClick={click} {...rest}>{children}</a>;
}
