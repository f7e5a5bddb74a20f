import { Modal, Switch } from "@mantine/core";
import { useEnabled } from "./Shortcuts";

const KEYS: [string[], string][] = [
  [["/"], "Search this list, or everything"],
  [["Ctrl", "K"], "Palette: people, screens, actions"],
  [["g", "o"], "Overview"],
  [["g", "d"], "A day in the life (demo)"],
  [["g", "e"], "People"],
  [["g", "a"], "Activity"],
  [["g", "l"], "Plans"],
  [["g", "f"], "Places"],
  [["g", "w"], "Approvals: what waits"],
  [["g", "p"], "Policy"],
  [["g", "r"], "Drift"],
  [["g", "v"], "Reviews"],
  [["g", "i"], "Evidence"],
  [["g", "c"], "Connections"],
  [["g", "h"], "Health"],
  [["j"], "Next row"],
  [["k"], "Previous row"],
  [["Enter"], "Open the row"],
  [["x"], "Tick the row"],
  [["a"], "To Approve or Keep; Enter decides"],
  [["d"], "To Decline or Remove; Enter decides"],
  [["Esc"], "Back to the same row, from a page where nothing is written"],
  [["?"], "This help"],
];

export function ShortcutHelp({ opened, close }: { opened: boolean; close: () => void }) {
  const [enabled, setEnabled] = useEnabled();
  return (
    <Modal opened={opened} onClose={close} title="Keyboard shortcuts" size="sm" closeButtonProps={{ "aria-label": "Close" }}>
      <dl className="facts" style={{ marginBottom: 16 }}>
        {KEYS.map(([keys, what]) => (
          <div key={what} style={{ display: "contents" }}>
            <dt>{keys.map((k) => <kbd key={k} style={{ marginRight: 4 }}>{k}</kbd>)}</dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <Switch checked={enabled} onChange={(e) => setEnabled(e.currentTarget.checked)} label="Single-key shortcuts" />
    </Modal>
  );
}
