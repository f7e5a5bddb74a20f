import { Button } from "@mantine/core";
import { IconArrowBackUp } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useMay } from "../../queries";
import { RoleFor } from "../../ui/role";
import { useTenant } from "../../ui/tenant";
import type { UndoSearch } from "./scope";

/** Leads to what taking this back would mean; or says whose role that needs. `small`: one of many in a table. */
export function UndoLink({ search, label = "Take back…", small, describe }: { search: UndoSearch; label?: string; small?: boolean; describe?: string }) {
  const tenant = useTenant();
  const may = useMay("own", true);
  if (may === undefined || (small && !may)) return null;
  if (!may) return <RoleFor what="To take it back" role="owner" />;
  if (small) return <Link to="/$tenant/undo" params={{ tenant }} search={search} aria-label={describe} className="tap">{label}</Link>;
  return (
    <Button className="no-print" size="xs" variant="default" leftSection={<IconArrowBackUp size={14} aria-hidden />} aria-label={describe} renderRoot={(props: object) => <Link to="/$tenant/undo" params={{ tenant }} search={search} {...props} />}>
      {label}
    </Button>
  );
}
