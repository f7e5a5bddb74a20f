// A browser pass over every screen in both colour schemes against a running server: axe finds nothing, the browser's
// console stays clean, a picture of each is kept.
//   BASE_URL=http://127.0.0.1:8080 node e2e/pass.mjs OUT_DIR
// ONLY=policy,sign looks at the screens alone whose names contain one of these. CHROMIUM names the browser; otherwise the usual places are tried. Ends with 1 if anything was found.
import AxeBuilder from "@axe-core/playwright";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

const BASE = (process.env.BASE_URL ?? process.argv[2] ?? "").replace(/\/$/, "");
const OUT = process.env.OUT_DIR ?? process.argv[process.env.BASE_URL ? 2 : 3] ?? "shots";
const BROWSER = process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((p) => existsSync(p));
const ONLY = (process.env.ONLY ?? "").split(",").filter(Boolean);
const RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"];
const WAIT_MS = 15_000;
/** For what reads both sides afresh: in a storm of refusals they answer late. */
const SLOW_MS = 90_000;
/** Wide ones, the smallest that loses nothing, and the usual one at 200 % zoom. */
const NARROW = [1920, 1440, 1280, 1024, 640];
const SCHEMES = ["light", "dark"];
const VIEW = { width: 1280, height: 800 };

if (!BASE || !BROWSER) {
  console.error(BASE ? "no Chromium found; set CHROMIUM to its path" : "usage: BASE_URL=http://… node e2e/pass.mjs OUT_DIR");
  process.exit(2);
}

/** Name, and the way to it from the page that is open. */
const SCREENS = [
  ["overview", (page) => page.goto(`${BASE}/all/overview`)],
  ["story", (page) => page.goto(`${BASE}/all/story`)],
  ["people", (page) => page.goto(`${BASE}/all/people`)],
  ["person-now", async (page) => {
    await page.goto(`${BASE}/all/people`);
    await page.locator("[data-row]").first().click();
    await page.getByRole("tab", { name: "Now" }).waitFor();
  }],
  ["person-timeline", (page) => page.getByRole("tab", { name: "Timeline" }).click()],
  ["person-access", async (page) => {
    await page.getByRole("tab", { name: "Access on a date" }).click();
    await settle(page);
  }],
  ["person-explain", async (page) => {
    await page.goto(`${page.url().split("?")[0]}?tab=explain&thing=seat`);
    await settle(page);
  }],
  ["person-plan", async (page) => {
    await page.getByRole("tab", { name: "Plan" }).click();
    await settle(page, SLOW_MS);
  }],
  // Early in the day, before its storm: everybody is read on both sides for this one and the next.
  ["approvals", async (page) => {
    await page.goto(`${BASE}/all/approvals`);
    await settle(page);
    if ((await page.locator("li.choice").count()) > 0) return;
    // A rule that asks first, so that there is something to decide.
    await asks(page, async (ask) => {
      const { document: policy, version } = await ask("GET", "/policy/versions/published");
      policy.rules.flow.push({ id: "remote-visitors", sentence: "Facilities agree before remote people receive visitors.", if: [{ group: "APP-iOffice-Users" }, { attribute: "workMode", is: "remote" }], then: [{ role: "operator", module: "visitor" }], but_first: { approval: ["role:approver"] } });
      const draft = await ask("PUT", "/policy/drafts/remote-visitors", { document: policy }, { "if-none-match": "*" });
      await ask("POST", "/policy/drafts/remote-visitors/publish", { reason: "Visitors need somebody who agrees", expected: version }, { "if-match": draft.etag });
    });
    await page.locator("li.choice").first().waitFor({ timeout: SLOW_MS });
  }],
  ["first-contact", async (page) => {
    await page.goto(`${BASE}/all/connections`);
    await settle(page);
    await page.getByRole("link", { name: /^First contact/ }).first().click();
    await page.getByRole("heading", { name: "Limits, then live" }).waitFor({ timeout: SLOW_MS });
  }],
  ["activity", async (page) => {
    await page.goto(`${BASE}/all/activity?show=changes`);
    await settle(page);
    await page.locator("li.choice .details").first().click();
    await page.getByRole("heading", { level: 2 }).first().waitFor();
  }],
  ["activity-fields", (page) => page.locator(".sticky").getByText("Changed fields").click()],
  ["activity-next", (page) => page.locator(".sticky").getByText("What to do next").click()],
  ["plans", (page) => page.goto(`${BASE}/all/plans`)],
  ["plan", async (page) => {
    await page.goto(`${BASE}/all/plans`);
    await settle(page);
    const own = page.locator("table [data-row]");
    if ((await own.count()) === 0) return "skip";
    await own.first().click();
    await page.waitForURL(/\/plans\/.+/);
  }],
  // By its address: what an operation did there is read afresh, and nothing is taken back.
  ["undo", async (page) => {
    await page.goto(`${BASE}/all/plans`);
    await settle(page);
    const done = await asks(page, async (ask) => {
      const { items } = await ask("GET", "/activity?limit=100&kinds=operation");
      return items.map((item) => item.data?.plan).find(Boolean) ?? (await ask("GET", "/plans?limit=1")).items[0]?.id;
    });
    if (!done) return "skip";
    await page.goto(`${BASE}/all/undo?plan=${encodeURIComponent(done)}`);
    await settle(page, SLOW_MS);
    await page.getByRole("heading", { name: "What it means today" }).waitFor({ timeout: SLOW_MS });
  }],
  ["undo-within-a-time", (page) => page.goto(`${BASE}/all/undo`)],
  ["places", (page) => page.goto(`${BASE}/all/places`)],
  ["floor", async (page) => {
    await page.goto(`${BASE}/all/places`);
    await settle(page);
    const fullest = await page.locator(".storey .counts").evaluateAll((all) => all.map((one) => Number.parseInt(one.innerText, 10) || 0).reduce((best, n, i, list) => (n > list[best] ? i : best), 0));
    await page.locator(".storey").nth(fullest).click();
    await page.waitForURL(/\/places\/.+/);
    await settle(page);
    await page.locator("button.tile[data-state=full]").first().click();
    await page.getByRole("link", { name: "What would change it" }).waitFor();
  }],
  ["drift", (page) => page.goto(`${BASE}/all/drift`)],
  ["policies", (page) => page.goto(`${BASE}/all/policies`)],
  ["policy-table", async (page) => {
    await draft(page);
    await settle(page);
    await page.locator(".sentences [data-row]").first().click();
    await page.getByRole("heading", { name: "Flow", exact: true }).waitFor();
  }],
  ["policy-flow", async (page) => {
    await page.goto(`${page.url().split("?")[0]}?view=flow`);
    await page.locator('.react-flow__node[data-id="then0!"]').click();
    await page.locator('.react-flow__node[data-id="tell"]').scrollIntoViewIfNeeded();
  }],
  ["policy-ground", async (page) => {
    await page.goto(`${page.url().split("?")[0]}?view=ground&section=lifecycle`);
    await page.getByRole("heading", { name: "Coming and going" }).waitFor();
  }],
  ["policy-profile", async (page) => {
    await page.goto(`${page.url().split("?")[0]}?view=ground&section=profile`);
    await page.locator("tr[data-link]").last().click();
    await page.getByLabel("Filled with").first().waitFor();
  }],
  ["policy-try", async (page) => {
    await page.goto(`${page.url().split("?")[0]}?view=try`);
    await settle(page);
    await page.getByRole("textbox", { name: "Person" }).fill("a");
    await page.getByRole("option").first().click();
    await page.getByRole("heading", { name: "What they would have" }).waitFor();
  }],
  ["policy-changes", (page) => page.goto(`${page.url().split("?")[0]}?view=changes`)],
  ["policy-effect", async (page) => {
    await page.goto(`${page.url().split("?")[0]}?view=effect`);
    await settle(page);
    await page.getByRole("button", { name: "Compute", exact: true }).click();
    await page.getByRole("heading", { name: "Floors" }).waitFor();
  }],
  ["plan-for-everybody", async (page) => {
    await page.getByRole("link", { name: "Open as a plan" }).click();
    await page.getByRole("heading", { name: "How far it reaches" }).waitFor();
  }],
  ["policy-trial", async (page) => {
    await page.goto(`${BASE}/all/templates/contractor-expiry`);
    // The demonstration announces contractors already: the linter says so, sooner or later than the counts come.
    await page.waitForFunction(() => /concerns|Counts come/.test(document.querySelector("[data-reach]")?.textContent ?? ""));
  }],
  ["connections", (page) => page.goto(`${BASE}/all/connections`)],
  ["connection-new", (page) => page.goto(`${BASE}/all/connections/new`)],
  ["reviews", async (page) => {
    await page.goto(`${BASE}/all/reviews`);
    await settle(page);
    if ((await page.locator("[data-row]").count()) > 0) return;
    await asks(page, async (ask) => {
      const { items: [owner] } = await ask("GET", "/people?tenant=northgate&limit=1");
      await ask("POST", "/reviews", { title: "Quarterly, roles and administrators", tenant: "northgate", sites: ["northgate"], kinds: ["role", "site_admin"], owner: owner.email, reviewers: ["demo"], due_at: new Date(Date.now() + 14 * 86_400_000).toISOString() });
    });
    await page.reload();
    await page.locator("[data-row]").first().waitFor();
  }],
  ["review", async (page) => {
    await page.locator("[data-row]").first().click();
    await page.locator(".reviewline").first().waitFor();
    await page.locator(".reviewline [data-row]").nth(4).click();
    await settle(page);
  }],
  ["review-open", async (page) => {
    await page.goto(`${BASE}/all/reviews`);
    await settle(page);
    await page.getByRole("button", { name: "New review" }).first().click();
    await page.getByRole("dialog").waitFor();
  }],
  ["evidence", async (page) => {
    await page.goto(`${BASE}/all/evidence`);
    await settle(page);
    if ((await page.locator("[data-pack]").count()) > 0) return;
    await page.getByRole("button", { name: "Sign one now" }).first().click();
    await page.getByRole("button", { name: "Make the pack" }).click();
    await page.locator("[data-pack=ready]").waitFor({ timeout: SLOW_MS });
  }],
  ["site-access", async (page) => {
    await page.goto(`${BASE}/all/evidence/access`);
    await settle(page);
    await page.getByRole("region", { name: "Accounts and what they held" }).waitFor();
  }],
  ["overview-of-a-tenant", async (page) => {
    const tenant = await asks(page, async (ask) => (await ask("GET", "/overview")).tenants[0].id);
    await page.goto(`${BASE}/${tenant}/overview`);
  }],
  ["dead-letters", (page) => page.goto(`${BASE}/all/activity?show=problems`)],
  ["audit", (page) => page.goto(`${BASE}/all/audit`)],
  ["settings", (page) => page.goto(`${BASE}/all/settings`)],
  ["sign-in", (page) => page.goto(`${BASE}/sign-in?problem=no_role`)],
  ["health", (page) => page.goto(`${BASE}/all/health`)],
  ["people-nothing-found", (page) => page.goto(`${BASE}/all/people?q=nobody-is-called-this`)],
  ["stop-dialog", async (page) => {
    await page.goto(`${BASE}/all/overview`);
    await settle(page);
    await page.getByRole("button", { name: /^(Stop all|Resume) writes$/ }).click();
    await page.getByRole("dialog").waitFor();
  }],
  ["keys", async (page) => {
    await page.goto(`${BASE}/all/overview`);
    await settle(page);
    await opens(page, "?");
  }],
  ["palette", async (page) => {
    await page.goto(`${BASE}/all/overview`);
    await settle(page);
    await opens(page, "Control+k");
  }],
];

/** Asks the API as the page's own session does; `how` runs in the page. */
const asks = (page, how) =>
  page.evaluate(`(async () => {
    const { csrf } = await (await fetch("/api/v1/session")).json();
    const ask = async (method, path, body, headers = {}) => {
      const answer = await fetch("/api/v1" + path, { method, headers: { "content-type": "application/json", "x-lanyard-csrf": csrf, ...headers }, body: body && JSON.stringify(body) });
      if (!answer.ok) throw new Error(path + ": " + answer.status + " " + (await answer.text()));
      return answer.json();
    };
    return (${how})(ask);
  })()`);

/** Opens the draft of this pass. It differs from what is in force, so that its views have something to show. */
async function draft(page) {
  await page.goto(`${BASE}/all/policies`);
  await settle(page);
  const known = page.getByRole("link", { name: "pass", exact: true });
  if ((await known.count()) > 0) return known.click().then(() => page.waitForURL(/\/policies\/.+/));
  await asks(page, async (ask) => {
    const { document: policy } = await ask("GET", "/policy/versions/published");
    const flows = policy.rules.flow;
    flows.splice(flows.findIndex((flow) => flow.id === "room-booking"), 1);
    flows.find((flow) => flow.id === "zone").sentence = "Hybrid people sit where their team sits.";
    Object.assign(flows[0], { but_first: { approval: ["manager"], escalate_after: "1 day", escalate_to: ["role:approver"] }, tell: ["facilities"] });
    flows[0].then[0].if_it_fails = { retry: 3, every: "10 minutes", instead: [{ place: "section" }], alert: ["facilities"] };
    policy.rules.guardrails = { ...policy.rules.guardrails, second_person: true };
    await ask("PUT", "/policy/drafts/pass", { document: policy }, { "if-none-match": "*" });
  });
  await page.goto(`${BASE}/all/policies/pass`);
}

/** Presses a key until its dialog stands: a page that is just being drawn again may not hear the first press. */
async function opens(page, key) {
  const dialog = page.getByRole("dialog");
  for (let press = 1; press < 5; press += 1) {
    await page.keyboard.press(key);
    const stands = await dialog.waitFor({ timeout: WAIT_MS / 3 }).then(() => true, () => false);
    if (stands) return;
  }
  await dialog.waitFor({ timeout: WAIT_MS });
}

/** The stream never ends, so a page is done when its heading stands and nothing is loading. */
async function settle(page, within = WAIT_MS) {
  await page.locator("h1").first().waitFor({ timeout: WAIT_MS });
  await page.waitForFunction(() => !document.querySelector("[data-loading]"), undefined, { timeout: within });
  await page.evaluate(async () => {
    await document.fonts.ready;
    await Promise.allSettled(document.getAnimations().filter((a) => a.effect?.getComputedTiming().iterations !== Infinity).map((a) => a.finished));
  });
}

mkdirSync(OUT, { recursive: true });
const browser = await chromium.launch({ executablePath: BROWSER, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
let found = 0;
let looked = 0;
try {
  const context = await browser.newContext({ viewport: VIEW, colorScheme: SCHEMES[0], reducedMotion: "reduce" });
  const page = await context.newPage();
  let errors = [];
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("request", (request) => !request.url().startsWith(BASE) && !request.url().startsWith("data:") && errors.push(`foreign host: ${request.url()}`));
  for (const [name, open] of SCREENS) {
    if (ONLY.length > 0 && !ONLY.some((part) => name.includes(part))) continue;
    errors = [];
    let opened = true;
    // Each screen is opened once and looked at twice: colours follow the browser's scheme at once.
    await page.emulateMedia({ colorScheme: SCHEMES[0] });
    let broken;
    try {
      opened = (await open(page)) !== "skip";
    } catch (error) {
      broken = `could not be opened: ${String(error).split("\n")[0]}`;
    }
    if (!opened) {
      console.log(`skip  ${name}: nothing to open`);
      continue;
    }
    // What could not be opened is told once, and there is nothing to look at.
    if (broken) {
      looked += 1;
      found += 1;
      console.log(`FAIL  ${name}\n      ${broken}`);
      await page.screenshot({ path: join(OUT, `${name}-${SCHEMES[0]}.png`) });
      continue;
    }
    for (const scheme of SCHEMES) {
      const problems = [];
      try {
        await page.emulateMedia({ colorScheme: scheme });
        await settle(page);
        const axe = await new AxeBuilder({ page }).withTags(RULES).analyze();
        for (const v of axe.violations) problems.push(`axe ${v.id}: ${v.help}; ${v.nodes.length} nodes, first ${v.nodes[0].html.slice(0, 160)}`);
      } catch (error) {
        problems.push(`could not be looked at: ${String(error).split("\n")[0]}`);
      }
      await page.screenshot({ path: join(OUT, `${name}-${scheme}.png`) });
      if (scheme === SCHEMES.at(-1)) {
        for (const width of NARROW) {
          await page.setViewportSize({ ...VIEW, width });
          if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) problems.push(`the page scrolls sideways at ${width} px`);
        }
        await page.setViewportSize(VIEW);
      }
      problems.push(...errors.map((e) => `console: ${e}`));
      errors = [];
      looked += 1;
      found += problems.length;
      console.log(`${problems.length === 0 ? "ok  " : "FAIL"}  ${scheme.padEnd(5)} ${name} (${(performance.now() / 1000).toFixed(0)} s)`);
      for (const p of problems) console.log(`      ${p}`);
    }
  }
} finally {
  await browser.close();
}
console.log(`${looked} pages looked at, ${found} problems`);
process.exit(found === 0 && looked > 0 ? 0 : 1);
