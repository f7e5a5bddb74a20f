import { Button } from "@mantine/core";
import { TEMPLATES } from "./model";

/** The templates; those without a flow of their own are sections of the policy that are always there. */
export function Gallery({ take, only = TEMPLATES, disabled }: { take: (template: (typeof TEMPLATES)[number]) => void; only?: typeof TEMPLATES; disabled?: boolean }) {
  return (
    <ul className="gallery">
      {only.map((template) => (
        <li key={template.id} className="panel body">
          <h3>{template.title}</h3>
          <p className="dim small">{template.says}</p>
          <div style={{ marginTop: 8 }}>
            {template.flow ? <Button size="compact-xs" variant="default" disabled={disabled} onClick={() => take(template)} aria-label={`Use ${template.title}`}>Use it</Button> : <span className="small dim">Part of every policy</span>}
          </div>
        </li>
      ))}
    </ul>
  );
}
