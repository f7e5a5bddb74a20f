import { readFileSync } from "node:fs";
import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { open, OVERVIEW, SESSION } from "./app";

const schema = JSON.parse(readFileSync("../crates/policy/src/policy.schema.json", "utf8"));
const RULES = {
  format: 1, name: "Test", weather: { sunny: true }, guardrails: { max_people: 10 }, notify: { it: { email: "it@x.example" } },
  flow: [{ id: "rooms", sentence: "Rooms.", shoe_size: 44, if: [{ moon_phase: "full", attribute: "city", domain: ["a.example"] }], then: [{ item: "A / B", wings: "white" }] }],
};
const CONTENT = { id: "spring", etag: '"1"', based_on: 1, author: "ana", at: "2026-11-23T11:00:00Z", asked: null, source: {}, document: { rules: RULES, tables: { places: { columns: ["site"], rows: [["hq"]] } } }, problems: [{ severity: "error", message: "odd city", path: "/rules/flow/0/if/0/domain" }] };

function edit(path: string, permits = SESSION.permits) {
  const kept: { rules: typeof RULES }[] = [];
  open(path, {
    "GET /session": { ...SESSION, permits, permits_everywhere: permits }, "GET /overview": OVERVIEW, "GET /health": { checks: [] },
    "GET /policy": { in_force: null, running: {}, drafts: [], second_person: false, applying: null }, "GET /policy/schema": schema, "GET /policy/drafts/spring": CONTENT,
    "PUT /policy/drafts/spring": (_: URL, init?: RequestInit) => {
      kept.push(JSON.parse(String(init?.body)).document);
      return { ...CONTENT, etag: `"${kept.length + 1}"`, problems: [] };
    },
  });
  return kept;
}

test("a mistake leads to its step; what no form knows is shown, and kept when what stands beside it is edited", async () => {
  const kept = edit("/all/policies/spring?flow=0");
  await userEvent.click(await screen.findByRole("button", { name: "Show: odd city" }));
  expect(await screen.findByText("All of these must hold at once.")).toBeTruthy();
  expect((screen.getByLabelText("Moon phase (kept as it is)") as HTMLTextAreaElement).value).toBe('"full"');
  fireEvent.change(screen.getByDisplayValue("city"), { target: { value: "cityCode" } });
  await waitFor(() => expect(kept.at(-1)?.rules.flow[0]!.if).toEqual([{ moon_phase: "full", attribute: "cityCode", domain: ["a.example"] }]), { timeout: 15_000 });
  expect(kept.at(-1)!.rules).toEqual({ ...RULES, flow: [{ ...RULES.flow[0], if: [{ moon_phase: "full", attribute: "cityCode", domain: ["a.example"] }] }] });
});

test("ground rules are forms by the schema: a limit is changed, and keys that nobody knows stand at the end", async () => {
  const kept = edit("/all/policies/spring?view=ground&section=guardrails");
  const most = await screen.findByLabelText("People at most");
  expect(screen.getByText(/at most 10 people lose something/)).toBeTruthy();
  fireEvent.change(most, { target: { value: "25" } });
  await waitFor(() => expect(kept.at(-1)?.rules.guardrails).toEqual({ max_people: 25 }), { timeout: 15_000 });
  expect(kept.at(-1)!.rules.weather).toEqual({ sunny: true });
  const parts = within(screen.getByRole("navigation", { name: "Ground rules" })).getAllByRole("button");
  expect(parts.at(-1)!.textContent).toBe("weatherkept as it is");
});

test("who may not edit sees every condition, and can change none", async () => {
  const kept = edit("/all/policies/spring?view=ground&section=scope", ["see"]);
  await userEvent.click(await screen.findByRole("button", { name: /^Limits/ }));
  const most = (await screen.findByLabelText("People at most")) as HTMLInputElement;
  expect(most.closest("fieldset")!.disabled).toBe(true);
  await userEvent.type(most, "5");
  expect(most.value).toBe("10");
  expect(kept).toEqual([]);
});
