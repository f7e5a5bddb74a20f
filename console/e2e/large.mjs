// The console on a large store, in a real browser: lists stay instant, and how soon it paints and answers a hand on a
// slower machine.
//   node e2e/large.mjs [PEOPLE] (with fewer than 20,000 each thing is done fewer times; the program that serves it is named by LANYARD)
// ONLY=lists leaves out what is measured on a slowed-down processor, for a machine that has other work to do.
// Starts `lanyard bench console --hold` by itself, prints one JSON object as the last line, and ends with 1 if a list takes
// longer than a person waits, or a figure misses its budget by so much that no busy machine explains it.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const LANYARD = process.env.LANYARD;
const PEOPLE = Number(process.argv[2] ?? 100_000);
const BROWSER = process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((p) => existsSync(p));
if (!LANYARD || !BROWSER) {
  console.error("usage: LANYARD=target/release/lanyard node e2e/large.mjs [PEOPLE] (CHROMIUM names the browser)");
  process.exit(2);
}
/** What the figures should be on a quiet machine, and how far a busy one may be from it. */
const BUDGET = { first_paint_ms: 1_000, interaction_ms: 100, page_ms: 100 };
const BUSY = 10;
const LISTS_ONLY = process.env.ONLY === "lists";
const SHORT = LISTS_ONLY || PEOPLE < 20_000;
const [PAGES, PAINTS] = SHORT ? [8, 3] : [20, 7];
/** A laptop of the middle class, seen from a server's processor. */
const SLOWER = 4;
const WAIT_MS = 60_000;
const sorted = (list) => [...list].sort((a, b) => a - b);
const quantile = (list, q) => sorted(list)[Math.round((list.length - 1) * q)] ?? 0;
const round = (n) => Math.round(n * 10) / 10;

const server = spawn(LANYARD, ["bench", "console", "--hold", "--people", String(PEOPLE)], { stdio: ["ignore", "pipe", "inherit"] });
const begun = Date.now();
const held = await new Promise((resolve, reject) => {
  createInterface({ input: server.stdout }).once("line", (line) => resolve(JSON.parse(line)));
  server.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
});
const ready_seconds = round((Date.now() - begun) / 1000);
const browser = await chromium.launch({ executablePath: BROWSER, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
let failed = 0;
const check = (what, ms, budget) => {
  const late = ms > budget * BUSY;
  failed += late ? 1 : 0;
  console.log(`${late ? "FAIL" : ms > budget ? "slow" : "ok  "}  ${what}: ${round(ms)} ms, should be ${budget} ms`);
};

/** A browser signed in as owner: by the link, which works once, then by the cookie that it gave. */
let cookies;
async function signedIn() {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce", storageState: cookies });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  await page.goto(cookies ? `${held.url}/all/overview` : held.link);
  await page.waitForURL(/\/all\/overview/);
  cookies ??= await context.storageState();
  return { context, page };
}

async function slower(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
  return session;
}

/** First paint of a page that this browser never saw. The cookie stays, the files go. */
async function firstPaints(page) {
  const session = await slower(page);
  await session.send("Network.enable");
  const paints = [];
  for (let n = 0; n < PAINTS; n += 1) {
    await session.send("Network.clearBrowserCache");
    await page.goto(`${held.url}/all/overview`);
    await page.locator("h1").waitFor();
    // The heading may stand there before the first frame is drawn.
    await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint").length > 0);
    paints.push(await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime));
  }
  return paints;
}

/** How long after each click or key the next frame is drawn, as the browser tells it. Those under 16 ms are not told: they count as 16. */
async function interactions(page, slowed) {
  if (slowed) await slower(page);
  await page.evaluate(() => {
    globalThis.told = [];
    const told = ({ interactionId, name, target, duration, startTime, processingStart, processingEnd }) => ({
      touch: interactionId, ms: duration, on: name, of: (target?.closest?.("a, button, input, th")?.textContent || target?.nodeName || "").trim().slice(0, 40), from: startTime,
      // Before its handlers ran, while they did, and until the frame.
      waited: Math.round(processingStart - startTime), handled: Math.round(processingEnd - processingStart), drawn: Math.round(startTime + duration - processingEnd),
    });
    new PerformanceObserver((list) => globalThis.told.push(...list.getEntries().filter((entry) => entry.interactionId > 0).map(told))).observe({ type: "event", durationThreshold: 16, buffered: true });
  });
  const screens = page.getByRole("navigation", { name: "Screens" });
  let made = 0;
  for (const name of ["People", "Plans", "Activity", "Places", "Drift", "Overview"]) {
    await screens.getByRole("link", { name }).click();
    await page.locator("h1", { hasText: name }).waitFor();
    made += 1;
  }
  await screens.getByRole("link", { name: "Activity" }).click();
  await page.locator(".details").first().click();
  await page.locator(".sticky section").waitFor();
  await screens.getByRole("link", { name: "People" }).click();
  await page.locator("[data-row]").first().waitFor();
  await page.getByRole("button", { name: "Name" }).click();
  await page.locator("th[aria-sort=descending]").waitFor();
  await page.locator("[data-search]").pressSequentially("okafor", { delay: 60 });
  await page.keyboard.press("Control+k");
  await page.locator("input.mantine-Spotlight-search").waitFor();
  await page.locator("input.mantine-Spotlight-search").pressSequentially("amara", { delay: 60 });
  await page.keyboard.press("Escape");
  made += 17;
  await page.waitForTimeout(500);
  // A touch is several events: down, up, click. The longest of them is what somebody waits.
  const touches = new Map();
  for (const event of await page.evaluate(() => globalThis.told)) {
    if (event.ms > (touches.get(event.touch)?.ms ?? 0)) touches.set(event.touch, event);
  }
  const told = [...touches.values()];
  return [...told, ...Array.from({ length: Math.max(0, made - told.length) }, () => ({ ms: 16 }))];
}

/** From asking for a page of a list to its rows, as the page sees it; `act` asks. */
async function timed(page, times, act, shown) {
  const from = await page.evaluate(() => performance.now());
  await act();
  await shown();
  times.push((await page.evaluate(() => performance.now())) - from);
}

try {
  const { context, page } = await signedIn();
  const lists = {};
  const rows = page.locator("[data-row]");
  for (const [name, path] of [["people", "people"], ["plans", "plans"], ["activity", "activity?show=everything"]]) {
    await page.goto(`${held.url}/all/${path}`);
    await page.locator("h1").waitFor();
    const more = page.getByRole("button", { name: "Show more" });
    await more.waitFor();
    const times = [];
    const asked = [];
    page.on("requestfinished", (request) => new URL(request.url()).pathname === `/api/v1/${name}` && asked.push(request.timing().responseEnd));
    for (let n = 0; n < PAGES; n += 1) {
      const answered = page.waitForResponse((answer) => new URL(answer.url()).pathname === `/api/v1/${name}`);
      await timed(page, times, () => more.click(), async () => {
        await answered;
        await page.waitForFunction(() => ![...document.querySelectorAll("button")].some((b) => b.dataset.loading));
      });
    }
    lists[name] = { pages: times.length, shown_p50_ms: round(quantile(times, 0.5)), shown_max_ms: round(quantile(times, 1)), answer_p99_ms: round(quantile(asked, 0.99)) };
    check(`a page of ${name}`, lists[name].answer_p99_ms, BUDGET.page_ms);
  }
  await page.goto(`${held.url}/all/people`);
  await rows.first().waitFor();
  const searches = [];
  for (const text of ["a", "amara ok", "olga q", "tanaka", "priya sato", "nobody at all"]) {
    const answered = page.waitForResponse((answer) => decodeURIComponent(answer.url()).replaceAll("+", " ").includes(`search=${text}`));
    await page.locator("[data-search]").fill(text);
    const from = Date.now();
    await answered;
    searches.push(Date.now() - from);
    if (text.startsWith("nobody")) await page.getByText("Nobody").first().waitFor();
    else await page.waitForFunction((word) => document.querySelector("[data-row]")?.textContent.toLowerCase().includes(word), text.split(" ").at(0));
  }
  await context.close();
  const figures = { bench: "console in a browser", people: PEOPLE, ready_seconds, lists, search_ms: { p50: quantile(searches, 0.5), max: quantile(searches, 1), of_which_pause_before_asking: 180 } };
  if (!LISTS_ONLY) {
    const cold = await signedIn();
    const paints = await firstPaints(cold.page);
    check("first paint, four times slower", quantile(paints, 0.5), BUDGET.first_paint_ms);
    await cold.context.close();
    const touched = async (slowed) => {
      const hand = await signedIn();
      const touches = await interactions(hand.page, slowed);
      await hand.context.close();
      const took = touches.map(({ ms }) => ms);
      return { p50: round(quantile(took, 0.5)), max: round(quantile(took, 1)), times: took.length, slowest: touches.sort((a, b) => b.ms - a.ms).slice(0, 5) };
    };
    figures.interaction_ms = await touched(false);
    figures.interaction_slower_ms = await touched(true);
    check("the slowest touch", figures.interaction_ms.max, BUDGET.interaction_ms);
    check("a touch in the middle, four times slower", figures.interaction_slower_ms.p50, BUDGET.interaction_ms);
    figures.cpu_slower_by = SLOWER;
    figures.first_contentful_paint_ms = { p50: round(quantile(paints, 0.5)), max: round(quantile(paints, 1)), times: paints.length };
  }
  console.log(JSON.stringify(figures));
} catch (error) {
  failed += 1;
  console.log(`FAIL  a large world: ${String(error).split("\n").slice(0, 6).join("\n      ")}`);
} finally {
  await browser.close();
  server.removeAllListeners("exit");
  server.kill("SIGINT");
}
process.exit(failed === 0 ? 0 : 1);
