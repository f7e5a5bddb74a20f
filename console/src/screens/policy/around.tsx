// What every form of the editor may look at: the policy around it, the live names, the schema.
import { createContext, useContext } from "react";
import type { Around } from "./suggest";

const AroundContext = createContext<Around | undefined>(undefined);
export const AroundProvider = AroundContext.Provider;

export function useAround(): Around {
  const around = useContext(AroundContext);
  if (!around) throw new Error("a form stands outside of the editor");
  return around;
}
