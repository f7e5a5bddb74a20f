import { renderHook, act, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { startLive, useLive } from "../src/live";
import { queryClient } from "../src/queries";

class Stream extends EventTarget {
  static last: Stream;
  static CLOSED = 2;
  readyState = 0;
  onopen?: () => void;
  onerror?: () => void;
  close = vi.fn();
  constructor(readonly url: string) {
    super();
    Stream.last = this;
  }
}

test("an event makes its queries stale once for a burst; a lost stream is told", async () => {
  vi.stubGlobal("EventSource", Stream);
  const stale = vi.spyOn(queryClient, "invalidateQueries");
  const { result } = renderHook(useLive);
  const stop = startLive();
  expect(Stream.last.url).toContain("/api/v1/events");
  act(() => Stream.last.onopen?.());
  expect(result.current.stream).toBe("open");

  act(() => {
    for (let i = 0; i < 50; i += 1) Stream.last.dispatchEvent(new MessageEvent("activity", { data: "{}" }));
  });
  await waitFor(() => expect(stale).toHaveBeenCalledTimes(1), { timeout: 3_000 });
  const asked = stale.mock.calls[0]![0] as unknown as { predicate: (q: { queryKey: string[] }) => boolean };
  expect(["activity", "person", "plans", "health"].map((key) => asked.predicate({ queryKey: [key] }))).toEqual([true, true, true, false]);

  act(() => Stream.last.onerror?.());
  expect(result.current.stream).toBe("lost");
  stop();
  expect(Stream.last.close).toHaveBeenCalled();
});

test("a line makes stale what its kind is about, floors more slowly; after a lost stream all that is shown is asked again", async () => {
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", Stream);
  const stale = vi.spyOn(queryClient, "invalidateQueries");
  stale.mockClear();
  const stop = startLive();
  act(() => Stream.last.onopen?.());
  const asked = (call: number, ...keys: string[][]) => {
    const { predicate } = stale.mock.calls[call]![0] as unknown as { predicate: (q: { queryKey: string[] }) => boolean };
    return keys.map((queryKey) => predicate({ queryKey }));
  };
  // Nothing was lost before: nothing is asked again.
  stale.mockClear();
  for (const kind of ["policy", "review", "operation"]) Stream.last.dispatchEvent(new MessageEvent("activity", { data: JSON.stringify({ kind }) }));
  await vi.advanceTimersByTimeAsync(1_100);
  expect(asked(0, ["policy"], ["policy", "versions"], ["policy", "schema"], ["reviews"], ["floor"], ["evidence"])).toEqual([true, true, false, true, false, false]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked(1, ["floor"], ["places"], ["reviews"])).toEqual([true, true, false]);
  stale.mockClear();
  act(() => Stream.last.onerror?.());
  act(() => Stream.last.onopen?.());
  expect(asked(0, ["floor"], ["approvals"], ["dead-letters"], ["policy"], ["policy-draft"], ["session"])).toEqual([true, true, true, true, false, false]);
  stop();
  vi.useRealTimers();
});
