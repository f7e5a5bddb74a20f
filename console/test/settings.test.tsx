import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { open, OVERVIEW, SESSION } from "./app";

const BASE = { "GET /session": SESSION, "GET /overview": OVERVIEW, "GET /health": { checks: [] }, "GET /activity": { items: [] }, "GET /roles": { provider: null, items: [] }, "GET /tokens": { items: [] } };

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
