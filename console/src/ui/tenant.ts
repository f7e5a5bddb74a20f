import { useParams } from "@tanstack/react-router";
import { ALL } from "../queries";

/** The tenant that the path names; `all` where it names none. */
export function useTenant(): string {
  const params = useParams({ strict: false }) as { tenant?: string };
  return params.tenant ?? ALL;
}
