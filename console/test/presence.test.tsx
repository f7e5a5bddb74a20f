import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { queryClient } from "../src/queries";
import { open, OVERVIEW, SESSION } from "./app";

test("what an untouched page asks by itself says so, and what follows a touch, or writes, does not", async () => {
  const now = vi.spyOn(Date, "now");
  const { sent } = open("/all/overview", { "GET /session": SESSION, "GET /overview": OVERVIEW, "GET /health": { checks: [] }, "GET /activity": { items: [] }, "POST /stop": {} });
  await userEvent.click(await screen.findByRole("heading", { level: 1 }));
  const asked = async () => {
    sent.length = 0;
    await queryClient.invalidateQueries({ queryKey: ["overview"] });
    await waitFor(() => expect(sent.some(({ path }) => path === "/overview")).toBe(true));
    return sent.find(({ path }) => path === "/overview")!.headers.get("x-lanyard-unattended");
  };
  expect(await asked()).toBeNull();
  const later = performance.timeOrigin + performance.now() + 60_000;
  now.mockImplementation(() => later);
  expect(await asked()).toBe("1");
  await userEvent.keyboard("{Shift}");
  expect(await asked()).toBeNull();
  now.mockRestore();
});
