import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTenant } from "../../ui/tenant";
import { TEMPLATES, type Template } from "./templates";

/** The templates; those without a flow of their own are parts of the policy that are always there. */
export function Gallery({ take, only = TEMPLATES, disabled, trial }: { take: (template: Template) => void; only?: Template[]; disabled?: boolean; /** Each can be tried before anything is kept. */ trial?: boolean }) {
  const tenant = useTenant();
  return (
    <ul className="gallery">
      {only.map((template) => (
        <li key={template.id} className="panel body">
          <h3>{template.title}</h3>
          <p className="dim small">{template.says}</p>
          <div className="row">
            {trial && !disabled && <Button size="compact-xs" variant="light" aria-label={`Try ${template.title}`} renderRoot={(props) => <Link {...props} to="/$tenant/templates/$template" params={{ tenant, template: template.id }} search={template.section ? { view: "ground", section: template.section } : {}} />}>Try it</Button>}
            {template.flow ? <Button size="compact-xs" variant="default" disabled={disabled} onClick={() => take(template)} aria-label={`Use ${template.title}`}>Use it</Button> : <span className="small dim">Part of every policy</span>}
          </div>
        </li>
      ))}
    </ul>
  );
}
