import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { open, OVERVIEW, SESSION } from "./app";

const BASE = { "GET /session": SESSION, "GET /overview": OVERVIEW, "GET /health": { checks: [] }, "GET /activity": { items: [] }, "GET /roles": { provider: null, items: [] }, "GET /tokens": { items: [] }, "POST /alerts/preview": { alerts: [] } };

test("who lacks the role is told which one opens the screen", async () => {
  open("/all/settings", { ...BASE, "GET /session": { ...SESSION, permits: ["see"], permits_everywhere: ["see"], grants: [{ role: "viewer" }] } });
  expect(await screen.findByText("This needs the role owner")).toBeTruthy();
  expect(screen.queryByRole("link", { name: "Settings" })).toBeNull();
});

test("a token is shown once, and a refused field is marked", async () => {
  let wrong = true;
  open("/all/settings", {
    ...BASE,
    "POST /tokens": () =>
      wrong
        ? new Response(JSON.stringify({ title: "give the token a name", code: "field", errors: [{ path: "name", message: "give the token a name" }] }), { status: 422 })
        : { token: { id: "tok_1", name: "ci", grants: [{ role: "viewer" }], created_at: OVERVIEW.now, created_by: "ana", expires_at: OVERVIEW.now, last_used_at: null }, text: "lanyard_secret" },
  });
  await userEvent.click(await screen.findByRole("button", { name: "New token" }));
  const dialog = within(await screen.findByRole("dialog"));
  await userEvent.click(dialog.getByRole("button", { name: "Make the token" }));
  expect(await dialog.findByText("give the token a name")).toBeTruthy();
  wrong = false;
  await userEvent.type(dialog.getByRole("textbox", { name: "Name" }), "ci");
  await userEvent.click(dialog.getByRole("button", { name: "Make the token" }));
  expect(await screen.findByText("lanyard_secret")).toBeTruthy();
});

test("an alert's template is tried on what is open before anybody is told, and a wrong one says where", async () => {
  const asked: unknown[] = [];
  let wrong = true;
  open("/all/settings", {
    ...BASE,
    "POST /alerts/preview": (_: URL, init?: RequestInit) => {
      const body = JSON.parse(String(init?.body)) as { rule?: string; template?: string };
      asked.push(body);
      if (!body.template) return { alerts: [{ rule: "it", matching: 2, subject: "Lanyard: Okta's log cannot be read, and 1 more", text: "alarm: Okta's log cannot be read", template: "{{ count }} open" }, { digest: "08:00", subject: "Lanyard: the day", text: "quiet" }] };
      if (wrong) return new Response(JSON.stringify({ title: "the template is wrong: unexpected end (in alert:1)", code: "template" }), { status: 422 });
      return { alerts: [{ rule: "it", matching: 2, subject: "Lanyard: Okta's log cannot be read, and 1 more", text: "Look: 2 open", template: body.template }] };
    },
  });
  const template = await screen.findByRole("textbox", { name: "Template" });
  expect((template as HTMLTextAreaElement).value).toBe("{{ count }} open");
  const preview = within(screen.getByRole("region", { name: "Preview" }));
  expect(preview.getByText("2 open findings match")).toBeTruthy();
  expect(preview.getByText("alarm: Okta's log cannot be read")).toBeTruthy();
  await userEvent.clear(template);
  await userEvent.type(template, "Look: {{{{ count");
  await userEvent.click(screen.getByRole("button", { name: "Preview" }));
  expect(await screen.findByText("the template is wrong: unexpected end (in alert:1)")).toBeTruthy();
  wrong = false;
  await userEvent.type(template, " }} open");
  await userEvent.click(screen.getByRole("button", { name: "Preview" }));
  expect(await preview.findByText("Look: 2 open")).toBeTruthy();
  expect(asked.at(-1)).toEqual({ rule: "it", template: "Look: {{ count }} open" });
  await userEvent.click(screen.getByRole("button", { name: "Undo" }));
  expect((template as HTMLTextAreaElement).value).toBe("{{ count }} open");
});
