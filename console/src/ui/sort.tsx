import { UnstyledButton } from "@mantine/core";

/** A column by which the server sorts: a press turns the order round. `sort` is unset for a list that is sorted otherwise. */
export function SortHead({ label, sort, turn, className }: { label: string; sort?: "ascending" | "descending"; turn: () => void; className?: string }) {
  return (
    <th className={className} aria-sort={sort ?? "none"}>
      <UnstyledButton className="sorthead" onClick={turn}>
        {label}<span aria-hidden>{sort === "ascending" ? " ↑" : sort === "descending" ? " ↓" : ""}</span>
      </UnstyledButton>
    </th>
  );
}
