// Journeys through the console in a real browser, against a running demo (or the mock server):
//   BASE_URL=http://127.0.0.1:8480 DEMO_DATA=DIR node e2e/journeys.mjs [NAME…]
// DEMO_DATA is the demo's `--data` folder: the stand-ins' throw-away credentials are in it. LANYARD is the program, for what needs a
// demo of its own. Each journey starts on a page
// of its own and ends with what a person would see. Ends with 1 if one fails, or if all together take too long.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const BASE = (process.env.BASE_URL ?? "").replace(/\/$/, "");
const BROWSER = process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((p) => existsSync(p));
if (!BASE || !BROWSER) {
  console.error("usage: BASE_URL=http://… node e2e/journeys.mjs (CHROMIUM names the browser)");
  process.exit(2);
}
const WAIT_MS = 30_000;
/** All of them together on a quiet machine; a busy one may take twice as long, more means that something waits. */
const TOGETHER_MS = 120_000;
const BUSY = 2;
/** So many at a time: each has a browser page of its own, and mostly waits. */
const AT_ONCE = 3;
let stamp = `j${Date.now().toString(36)}`;
const button = (page, name) => page.getByRole("button", { name, exact: true });
/** The server has the draft as it is shown. */
const kept = (page) => page.locator(".pagehead .tag[data-fill=ok]").waitFor({ timeout: WAIT_MS });
const sees = (page, text) => page.getByText(text).first().waitFor({ timeout: WAIT_MS });

async function newDraft(page, name, template, base = BASE) {
  await page.goto(`${base}/all/policies`);
  if (template) await button(page, `Use ${template}`).click();
  else await button(page, "New draft").click();
  await page.getByRole("textbox", { name: "Name" }).fill(name);
  await button(page, "Begin").click();
  await page.waitForURL(new RegExp(`/policies/${name}`), { timeout: WAIT_MS });
  await kept(page);
}

/** What the demo wrote about a site: address, user, password. */
function standIn() {
  const dir = process.env.DEMO_DATA;
  if (!dir) throw new Error("DEMO_DATA names no folder: start the demo with --data");
  const block = readFileSync(join(dir, "lanyard.toml"), "utf8").split("[[site]]")[1];
  const value = (name) => block.match(new RegExp(`${name} = "([^"]+)"`))[1];
  return { url: value("ioffice_url"), user: value("ioffice_user"), password: readFileSync(join(dir, value("ioffice_password_file")), "utf8").trim() };
}

/** Asks the API as the page's own session. */
const asks = (page, method, path, body, headers = {}) =>
  page.evaluate(async ([method, path, body, headers]) => {
    const { csrf } = await (await fetch("/api/v1/session")).json();
    const answer = await fetch(`/api/v1${path}`, { method, headers: { "content-type": "application/json", "x-lanyard-csrf": csrf, ...headers }, body: body === null ? undefined : JSON.stringify(body) });
    const said = await answer.json().catch(() => null);
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(said)}`);
    return { body: said, etag: answer.headers.get("etag") };
  }, [method, path, body ?? null, headers]);

/** Publishes the policy in force with a change, as an editor would by API; answers the version that was in force. */
async function publishes(page, name, change) {
  const { body: before } = await asks(page, "GET", "/policy/versions/published");
  change(before.document);
  const { etag } = await asks(page, "PUT", `/policy/drafts/${name}`, { document: before.document }, { "if-none-match": "*" });
  await asks(page, "POST", `/policy/drafts/${name}/publish`, { reason: name, expected: before.version }, { "if-match": etag });
  return before.version;
}

/** A browser of its own, signed in by the stand-in of Okta as somebody. */
async function signedInAs(browser, page, login, base = BASE) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce" });
  const own = await context.newPage();
  own.setDefaultTimeout(WAIT_MS);
  await own.goto(`${base}/sign-in`);
  await own.getByRole("link", { name: /^Sign in/ }).click();
  await own.getByLabel("Name or login").fill(login);
  await button(own, "Search").click();
  await own.getByRole("link").first().click();
  await own.waitForURL((url) => !url.pathname.includes("authorize"));
  return own;
}

const freePort = () => new Promise((resolve, reject) => {
  const server = createServer();
  server.once("error", reject);
  server.listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

/** Runs `act` against a small demo of its own, in which everybody signs in; `idle` seconds end a session. */
async function otherDemo(idle, act) {
  if (!process.env.LANYARD) throw new Error("LANYARD names no program: this journey starts a demo of its own");
  const data = mkdtempSync(join(tmpdir(), "lanyard-journey-"));
  const base = `http://127.0.0.1:${await freePort()}`;
  const demo = spawn(process.env.LANYARD, ["demo", "--people", "120", "--still", "--sign-in", String(idle), "--listen", base.slice("http://".length), "--data", data], { stdio: "ignore" });
  try {
    const until = Date.now() + 2 * WAIT_MS;
    let token;
    for (;;) {
      if (Date.now() > until || demo.exitCode !== null) throw new Error("the other demo did not come up");
      const note = join(data, "server.json");
      token = existsSync(note) ? JSON.parse(readFileSync(note, "utf8")).token : undefined;
      const sweeps = token && (await fetch(`${base}/api/v1/sweeps`, { headers: { authorization: `Bearer ${token}` } }).then((answer) => answer.json(), () => undefined));
      if (sweeps?.items?.some((sweep) => sweep.ended_at)) break;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    // What the first comparison found is done in a hurry: the demo's clock leaps, and sessions end by it.
    for (let last, since = Date.now(); Date.now() - since < 4_000; ) {
      if (Date.now() > until + WAIT_MS) throw new Error("the other demo did not come to rest");
      const { items } = await (await fetch(`${base}/api/v1/activity?limit=1`, { headers: { authorization: `Bearer ${token}` } })).json();
      const newest = JSON.stringify(items?.[0] ?? null);
      if (newest !== last) [last, since] = [newest, Date.now()];
      await new Promise((resolve) => setTimeout(resolve, 400));
    }
    return await act({ base, token });
  } finally {
    demo.kill("SIGINT");
    rmSync(data, { recursive: true, force: true });
  }
}

/** A person of the first tenant in this group. */
async function memberOf(page, group, but = []) {
  for (const { tenant, id } of (await asks(page, "GET", "/people?tenant=northgate&limit=100")).body.items) {
    const { person } = (await asks(page, "GET", `/people/${tenant}/${id}`)).body;
    if (person.status === "ACTIVE" && person.groups.some((g) => g.name === group) && !but.some((g) => person.groups.some((own) => own.name === g))) return person;
  }
  throw new Error(`nobody is in ${group}`);
}

const JOURNEYS = {
  async "first visit: another connection is tried, sampled, observed, looked over, and goes live"(page) {
    const site = standIn();
    await page.goto(`${BASE}/`);
    await page.waitForURL(/\/all\/overview/);
    await page.getByRole("navigation", { name: "Screens" }).getByRole("link", { name: "Connections" }).click();
    await sees(page, "Live");
    await page.getByRole("link", { name: "Connect another" }).click();
    await page.getByRole("textbox", { name: "Name", exact: true }).fill(stamp);
    await page.getByRole("textbox", { name: "Address" }).fill(site.url);
    await page.getByRole("textbox", { name: "User name" }).fill(site.user);
    await page.locator("input[type=password]").fill("not the password");
    await button(page, "Try it").click();
    await page.locator("section[data-tone=failed]").waitFor();
    if (!(await page.locator("section[data-tone=failed] .fix").first().innerText()).startsWith("Fix:")) throw new Error("a refusal without its fix");
    await page.locator("input[type=password]").fill(site.password);
    await button(page, "Try it").click();
    await sees(page, "nothing stands in the way");
    await button(page, "Read everybody there once").click();
    await sees(page, "Which key finds whom");
    if ((await page.locator("table").first().locator("tbody tr").count()) !== 5) throw new Error("not five accounts");
    await button(page, "Add it, observed only").click();
    await sees(page, "is connected, observed only");
    if (!readFileSync(join(process.env.DEMO_DATA, "lanyard.toml"), "utf8").includes(`id = "${stamp}"`)) throw new Error("the settings do not have it");
    if ((await page.evaluate(() => JSON.stringify(localStorage))).includes(site.password)) throw new Error("the browser keeps the password");
    // No restart: it is read while the page is open, and nothing is written there.
    await page.getByRole("navigation", { name: "Screens" }).getByRole("link", { name: "Connections" }).click();
    const panel = page.locator("section", { has: page.getByRole("heading", { name: stamp, exact: true }) });
    await panel.getByText("observed only").waitFor();
    await panel.getByText(/buildings, \d+ floors/).waitFor();
    await page.waitForFunction(async (id) => (await (await fetch("/api/v1/overview")).json()).sites.find((site) => site.id === id)?.accounts > 0, stamp);
    // First contact: who is whose, what the first writes would do, the limits; then it is written to, for a reason.
    await panel.getByRole("link", { name: /^First contact/ }).click();
    await page.getByRole("heading", { name: "What the first writes would do" }).waitFor();
    await sees(page, "Lose something at most");
    const live = page.getByRole("button", { name: `Write to ${stamp} from now on` });
    if (!(await live.isDisabled())) throw new Error("it goes live without a reason");
    await page.getByRole("textbox", { name: "Why now" }).fill("Looked over by a journey");
    await live.click();
    await sees(page, `${stamp} is written to.`);
    await page.getByRole("navigation", { name: "Screens" }).getByRole("link", { name: "Connections" }).click();
    await panel.getByText("is written to").waitFor();
    await page.goto(`${BASE}/all/audit?q=${stamp}`);
    await sees(page, "Looked over by a journey");
  },

  async "a table is edited, who moves is seen, published, and watched until it is applied"(page) {
    await newDraft(page, `${stamp}-moves`);
    const sheet = page.locator("table.sheet");
    await sheet.waitFor();
    const heads = (await sheet.locator("thead th").allInnerTexts()).map((head) => head.trim());
    const [place, team, section] = ["officeLocation", "division", "section"].map((name) => heads.findIndex((head) => head.split(/\s/)[0] === name) - 1);
    const rows = sheet.locator("tbody tr");
    const values = await rows.evaluateAll((all) => all.map((row) => [...row.querySelectorAll("td input")].map((input) => input.value)));
    const at = values.findIndex((row) => row[place] === "PIER" && row[team] === "");
    const cell = rows.nth(at).locator("td input").nth(section);
    const to = values[at][section] === "Zone 1" ? "Zone 2" : "Zone 1";
    await cell.fill(to);
    await cell.blur();
    await kept(page);
    await page.goto(`${page.url().split("?")[0]}?view=effect`);
    await button(page, "Compute").click();
    const mover = page.locator("section", { has: page.getByRole("heading", { name: "People", exact: true }) }).locator("[data-row]").first();
    await mover.waitFor();
    const [name, href] = [await mover.innerText(), await mover.getAttribute("href")];
    await button(page, "Publish").click();
    await page.getByRole("textbox", { name: /^Why/ }).fill("A journey's table");
    await page.getByRole("dialog").getByRole("button", { name: "Publish", exact: true }).click();
    await page.waitForURL(/\/policies$/);
    await page.goto(`${BASE}${href}?tab=timeline`);
    await sees(page, `-> Pier House flexible seating / ${to}`);
    await page.locator(".timeline > li", { hasText: "Read back: as wanted" }).first().waitFor();
    if (!(await page.locator("h1").innerText()).includes(name)) throw new Error(`not the page of ${name}`);
  },

  async "somebody leaves in Okta, and the timeline shows it verified within seconds"(page) {
    await page.goto(`${BASE}/all/story`);
    await page.getByRole("button", { name: /^Terminate somebody/ }).click();
    const begun = Date.now();
    await page.getByRole("button", { name: /^Watch / }).first().click();
    await page.getByRole("tab", { name: "Timeline", selected: true }).waitFor();
    await page.locator(".timeline > li", { hasText: "Account deactivated" }).first().waitFor();
    await page.locator(".timeline > li", { hasText: "Read back: as wanted" }).first().waitFor();
    const seconds = (Date.now() - begun) / 1000;
    if (seconds > 20) throw new Error(`it took ${seconds} s`);
    await page.locator(".pagehead .tag", { hasText: "Deprovisioned" }).waitFor();
  },

  async "an approver approves and declines, a viewer may not, nobody decides about themselves"(page, context, browser) {
    await page.goto(`${BASE}/all/approvals`);
    await page.locator("h1").waitFor();
    const approver = await memberOf(page, "EXEC-Floor");
    const viewer = await memberOf(page, "APP-iOffice-Users", ["EXEC-Floor", "VISITOR-Managers", "DEPT-Facilities"]);
    await publishes(page, `${stamp}-ask`, (policy) => {
      policy.rules.flow.push({ id: `${stamp}-ask`, sentence: "Facilities agree before anybody receives visitors.", if: [{ group: "APP-iOffice-Users" }, { attribute: "workMode", is: "remote" }], then: [{ role: "operator", module: "visitor" }], but_first: { approval: ["role:approver"] } });
    });
    const list = page.locator("li.choice", { hasText: `${stamp}-ask` });
    await list.nth(1).waitFor();
    const theirs = await signedInAs(browser, page, viewer.email);
    await theirs.goto(`${BASE}/all/approvals`);
    await sees(theirs, "Not yours to decide");
    await theirs.context().close();
    const decides = await signedInAs(browser, page, approver.email);
    await decides.goto(`${BASE}/all/approvals`);
    const choose = async (n) => {
      const row = decides.locator("li.choice", { hasText: `${stamp}-ask` }).nth(n).locator("[data-row]");
      const who = await row.innerText();
      await row.click();
      return who;
    };
    const declined = await choose(0);
    await decides.getByRole("textbox", { name: "Reason" }).fill("not at this desk");
    await button(decides, "Decline").click();
    await decides.locator("li.choice", { hasText: declined }).waitFor({ state: "detached" });
    const approved = await choose(0);
    await decides.getByRole("textbox", { name: "Reason" }).fill("agreed");
    await decides.getByRole("button", { name: /^Approve for/ }).click();
    await decides.locator("li.choice", { hasText: approved }).waitFor({ state: "detached" });
    await decides.goto(`${BASE}/all/approvals?kind=done`);
    await decides.getByRole("button", { name: declined, exact: true }).first().click();
    await sees(decides, "not at this desk");
    await decides.context().close();
  },

  async "a tripped limit holds removals back until somebody decides"(page) {
    await page.goto(`${BASE}/all/approvals?kind=cap`);
    await page.locator("h1").waitFor();
    const before = await publishes(page, `${stamp}-cap`, (policy) => {
      policy.rules.flow = policy.rules.flow.filter((flow) => flow.id !== "visitor-management");
      policy.rules.guardrails.max_people = 1;
    });
    const rows = page.locator("li.choice", { hasText: "guardrails.cap" });
    await rows.nth(1).waitFor();
    await page.goto(`${BASE}/all/overview`);
    await sees(page, "the limit on removals in");
    // One is let through, another one is not: both are somebody's decision, with its reason.
    await page.goto(`${BASE}/all/approvals?kind=cap`);
    const decide = async (word, reason) => {
      await rows.first().waitFor();
      const who = await rows.first().locator("[data-row]").innerText();
      await rows.first().locator("[data-row]").click();
      const href = await page.getByRole("link", { name: "Open person" }).getAttribute("href");
      const before = await permissions(href);
      await page.getByRole("textbox", { name: "Reason" }).fill(reason);
      await page.getByRole("button", { name: word }).click();
      await page.locator("li.choice", { hasText: who }).waitFor({ state: "detached" });
      return { href, before };
    };
    const permissions = async (href) => (await asks(page, "GET", `/people/${href.split("/people/")[1]}`)).body.account.permissions.length;
    const stays = await decide(/^Decline/, `${stamp} stays`);
    const goes = await decide(/^Approve for/, `${stamp} may go`);
    await page.goto(`${BASE}${goes.href}?tab=timeline`);
    await page.locator(".timeline > li", { hasText: "Read back: as wanted" }).first().waitFor();
    if ((await permissions(goes.href)) >= goes.before) throw new Error("what was approved was not taken back");
    if ((await permissions(stays.href)) !== stays.before) throw new Error("what was declined was taken back all the same");
    await page.goto(`${BASE}/all/approvals?kind=done`);
    await page.locator("li.choice").first().waitFor();
    await page.getByRole("textbox", { name: "Search approvals" }).fill("guardrails.cap");
    await page.locator("li.choice [data-row]").first().click();
    await sees(page, `${stamp} may go`);
    await page.goto(`${BASE}/all/policies`);
    await asks(page, "POST", "/policy/rollback", { to: before, reason: "the journey is over", expected: before + 1 });
  },

  async "evidence: a pack is made in view, saved, and found to hold"(page) {
    await page.goto(`${BASE}/all/evidence`);
    await page.getByRole("textbox", { name: "Seed of the samples" }).fill(stamp);
    await button(page, "Make the pack").click();
    const pack = page.locator("[data-pack]", { hasText: stamp });
    await page.locator("[data-pack=ready]", { hasText: stamp }).waitFor();
    const [saved] = await Promise.all([page.waitForEvent("download"), pack.getByRole("link", { name: /^Save/ }).click()]);
    const bytes = readFileSync(await saved.path());
    if (bytes.subarray(0, 2).toString() !== "PK" || !/^evidence-.+\.zip$/.test(saved.suggestedFilename())) throw new Error(`not a pack: ${saved.suggestedFilename()}`);
    await pack.getByRole("button", { name: "Check again" }).click();
    await pack.getByText("every byte is as it was signed").waitFor();
    // What lies in the folder is what is checked: one byte of it changed there is said here.
    const file = join(process.env.DEMO_DATA, "evidence", `${(await asks(page, "GET", "/evidence")).body.packs.find((made) => made.seed === stamp).id}.zip`);
    const meddled = Buffer.from(bytes);
    meddled[bytes.length >> 1] ^= 1;
    writeFileSync(file, meddled);
    await pack.getByRole("button", { name: "Check again" }).click();
    await pack.getByText(/was changed/).first().waitFor();
    writeFileSync(file, bytes);
    await pack.getByRole("button", { name: "Check again" }).click();
    await pack.getByText("every byte is as it was signed").waitFor();
    // A period without data: said why, and the desk is free again.
    await asks(page, "POST", "/evidence/packs", { tenant: "northgate", from: "2001-01-01T00:00:00Z", to: "2001-02-01T00:00:00Z", seed: `${stamp}-empty` });
    await page.reload();
    const empty = page.locator("[data-pack=failed]", { hasText: "has no data" }).first();
    await empty.waitFor();
    await empty.getByText(/choose a period after it/).waitFor();
    // A checkpoint signed now lies outside, and holds.
    const panel = page.locator("section", { hasText: "Journal of northgate" }).first();
    const before = (await asks(page, "GET", "/evidence")).body.tenants.find((t) => t.tenant === "northgate").checkpoints_total;
    await panel.getByRole("button", { name: "Sign one now" }).click();
    await page.waitForFunction(async (before) => (await (await fetch("/api/v1/evidence")).json()).tenants.find((t) => t.tenant === "northgate").checkpoints_total > before, before);
    const newest = (await asks(page, "GET", "/evidence")).body.tenants.find((t) => t.tenant === "northgate").checkpoints[0];
    if (newest.state !== "holds" || !existsSync(newest.outside)) throw new Error(JSON.stringify(newest));
    await page.goto(`${BASE}/all/audit`);
    await sees(page, "saved");
  },

  async "the audit log names who did what, finds it again, and its seals hold"(page) {
    await page.goto(`${BASE}/all/settings`);
    await button(page, "New token").click();
    await page.getByRole("textbox", { name: "Name" }).fill(`${stamp}-audited`);
    await button(page, "Make the token").click();
    await page.locator(".secret").waitFor();
    await page.goto(`${BASE}/all/audit`);
    await sees(page, "Every line fits its leaf, and every leaf its tree.");
    await button(page, "Compute again").click();
    await sees(page, "Every line fits its leaf, and every leaf its tree.");
    await page.getByRole("textbox", { name: "Search the audit log" }).fill(`${stamp}-audited`);
    await page.waitForURL(/q=/);
    await sees(page, `${stamp}-audited`);
    const { user } = (await asks(page, "GET", "/session")).body;
    await sees(page, user);
    await page.getByRole("textbox", { name: "Search the audit log" }).fill("nobody ever wrote this");
    await sees(page, "Nothing fits");
  },

  async "a review is opened and decided line by line, and is not signed off before that"(page) {
    await page.goto(`${BASE}/all/reviews`);
    await page.locator("h1").waitFor();
    const owner = (await asks(page, "GET", "/people?tenant=northgate&limit=1")).body.items[0];
    await page.getByRole("button", { name: "New review" }).first().click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("textbox", { name: "Title" }).fill(`${stamp} administrators`);
    // However they are written: here by address, in capitals. Nobody is called what stands there first.
    await dialog.getByRole("textbox", { name: "Owner" }).fill(`${owner.email.replace(".", "")}`);
    for (const kind of ["Item", "Site admin"]) await dialog.locator(".mantine-MultiSelect-pill", { hasText: new RegExp(`^${kind}`, "i") }).getByRole("button", { includeHidden: true }).click();
    await button(dialog, "Open the review").click();
    await dialog.getByText("did you mean").waitFor();
    await dialog.getByRole("textbox", { name: "Owner" }).fill(owner.email.toUpperCase());
    await button(dialog, "Open the review").click();
    await page.waitForURL(/\/reviews\/rev_/);
    await sees(page, owner.name);
    const left = () => page.locator(".reviewline").count();
    await page.locator(".reviewline").first().waitFor();
    if ((await left()) === 0) throw new Error("no lines");
    if (!(await button(page, "Sign off").isDisabled())) throw new Error("it can be signed off before it is decided");
    await page.locator(".reviewline button").first().click();
    await page.getByRole("textbox", { name: "Reason" }).fill("needed for their work");
    await button(page, "Keep").click();
    await page.locator(".tag", { hasText: /^.?1 keep$/ }).waitFor();
  },

  async "a review goes to its end: one right is removed and read back as gone, its owner signs off, the audit log has it"(page, context, browser) {
    await page.goto(`${BASE}/all/reviews`);
    await page.locator("h1").waitFor();
    const owner = await memberOf(page, "EXEC-Floor");
    const me = (await asks(page, "GET", "/session")).body.user;
    const title = `${stamp} to its end`;
    // Owners and reviewers are named as they sign in.
    const signs = await signedInAs(browser, page, owner.email);
    const signer = (await asks(signs, "GET", "/session")).body.user;
    await page.getByRole("button", { name: "New review" }).first().click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("textbox", { name: "Title" }).fill(title);
    await dialog.getByRole("textbox", { name: "Owner" }).fill(me);
    await dialog.getByText("Owner and reviewer are two people").waitFor();
    await dialog.getByRole("textbox", { name: "Owner" }).fill(signer);
    for (const kind of ["Item", "Site admin"]) await dialog.locator(".mantine-MultiSelect-pill", { hasText: new RegExp(`^${kind}`, "i") }).getByRole("button", { includeHidden: true }).click();
    await button(dialog, "Open the review").click();
    await page.waitForURL(/\/reviews\/rev_/);
    const id = page.url().match(/rev_\d+/)[0];
    const { body: review } = await asks(page, "GET", `/reviews/${id}?limit=500`);
    if (review.total !== review.lines.length) throw new Error(`${review.total} lines are more than a page`);
    // A booking role of somebody ordinary: what the policy gives, and takes back without asking anybody.
    const taken = review.lines.find((line) => line.person !== "" && line.kind === "role" && line.value === "CUSTOMER" && /Desk Reservations/.test(line.what));
    if (!taken) throw new Error("nobody books desks");
    for (const line of review.lines) if (line.id !== taken.id) await asks(page, "POST", `/reviews/lines/${encodeURIComponent(line.id)}/decision`, { decision: "keep", reason: "needed for their work" });
    await page.goto(`${BASE}/all/reviews/${id}`);
    await page.locator(".reviewline").first().waitFor();
    if ((await page.locator(".reviewline").count()) !== 1) throw new Error("more than one line is left");
    await page.getByRole("textbox", { name: "Reason" }).fill("works from home");
    await button(page, "Remove").click();
    await page.locator(".tag", { hasText: /1 remove/ }).waitFor();
    if (!(await button(page, "Sign off").isDisabled())) throw new Error("the reviewer can sign it off");
    await signs.goto(`${BASE}/all/reviews/${id}`);
    await button(signs, "Sign off").click();
    await signs.getByRole("textbox", { name: "Statement" }).fill("Looked at in full.");
    await signs.getByRole("dialog").getByRole("button", { name: "Sign off", exact: true }).click();
    await sees(signs, "signed off by");
    await signs.context().close();
    // The removal goes its own way, through plan and gates; the read that shows it gone closes the line.
    const until = Date.now() + 2 * WAIT_MS;
    for (let gone = 0; gone === 0; ) {
      if (Date.now() > until) throw new Error("the right was not read back as gone");
      gone = (await asks(page, "GET", `/reviews/${id}?limit=1`)).body.counts.removed;
      await page.waitForTimeout(500);
    }
    await page.reload();
    await page.locator(".tag", { hasText: /1 remove, 1 seen gone/ }).waitFor();
    await page.goto(`${BASE}/all/audit?q=${encodeURIComponent(title)}`);
    await sees(page, `review signed off: ${title}`);
    await sees(page, `review opened: ${title}`);
  },

  async "what was done for somebody is shown as it would be taken back, taken back, and found in the journal"(page) {
    await page.goto(`${BASE}/all/plans`);
    // One that still has something to take back: nobody changed it since.
    const { body } = await asks(page, "GET", "/activity?kinds=operation&limit=100");
    const plans = [...new Set(body.items.map((line) => line.data?.plan).filter(Boolean))];
    let plan;
    for (const one of plans.slice(0, 20)) {
      const { people } = (await asks(page, "POST", "/undo", { plan: one })).body;
      if (people[0]?.steps.length > 0 && people[0].keep_away.length > 0) { plan = one; break; }
    }
    if (!plan) throw new Error("nothing was done that can be taken back");
    await page.goto(`${BASE}/all/plans/${plan}`);
    await page.getByRole("link", { name: "Take back…" }).click();
    await sees(page, "What it means today");
    const back = page.getByRole("button", { name: /^Take back \d+ steps? for / });
    if (!(await back.isDisabled())) throw new Error("it is taken back without a reason");
    await page.getByRole("textbox", { name: "Reason" }).fill(`a journey, ${stamp}`);
    await back.click();
    await page.locator("[data-undone=so]").waitFor({ timeout: WAIT_MS });
    await page.getByRole("link", { name: "Journal lines" }).first().click();
    await sees(page, "taken back");
    // The policy leaves it alone until somebody releases it: then it does what it wants again.
    const of = async (done) => (await asks(page, "GET", `/approvals?kind=undone&limit=200${done ? "&done=true" : ""}`)).body.items;
    const kept = await of(false);
    // Ended already, where the policy does not want it any more: other journeys edit it meanwhile.
    if (kept.length === 0 && (await of(true)).length === 0) throw new Error("nothing keeps the policy from bringing it again");
    if (kept.length > 0) await asks(page, "POST", "/approvals", { ids: kept.map((one) => one.id), say: "approve", reason: "the journey is over" });
  },

  async "who held what is asked as of a moment: of a person, of a site, and before anything was known"(page) {
    await page.goto(`${BASE}/all/people`);
    const { items } = (await asks(page, "GET", "/people?tenant=northgate&limit=50")).body;
    const person = items.find((one) => one.situation === "linked");
    await page.goto(`${BASE}/all/people/${person.tenant}/${person.id}`);
    await page.getByRole("tab", { name: "Access on a date" }).click();
    await page.getByRole("table", { name: /^What account/ }).first().waitFor({ timeout: WAIT_MS });
    await page.getByLabel(/^Access on \(/).fill("2001-01-01T09:00");
    await sees(page, "of the moment asked for nothing is known there");
    await page.goto(`${BASE}/all/places`);
    await page.getByRole("link", { name: new RegExp(`^Who held what in ${person.sites[0]},`) }).click();
    await page.getByRole("region", { name: "Accounts and what they held" }).waitFor({ timeout: WAIT_MS });
    await page.getByLabel(/^Only of/).fill(person.name);
    await page.waitForFunction((name) => { const rows = [...document.querySelectorAll("tbody tr")]; return rows.length > 0 && rows.length < 6 && rows.some((row) => row.innerText.includes(name)); }, person.name, { timeout: WAIT_MS });
  },

  async "the overview of one tenant counts that tenant alone"(page) {
    await page.goto(`${BASE}/all/overview`);
    const { tenants } = (await asks(page, "GET", "/overview")).body;
    const one = tenants[0];
    await page.getByRole("button", { name: /^Tenant:/ }).click();
    await page.getByRole("menuitem", { name: new RegExp(`^${one.name}`) }).click();
    await page.waitForURL(new RegExp(`/${one.id}/overview`));
    await sees(page, `people in ${one.name}`);
    const own = (await asks(page, "GET", `/overview?tenant=${one.id}`)).body;
    if (own.tenants.length !== 1 || own.environments.some((other) => other.tenant !== one.id)) throw new Error("it tells of other tenants");
  },

  async "a draft's effect is read as a plan, cut down by one person, applied, and its end is said"(page) {
    await page.goto(`${BASE}/all/policies`);
    await page.locator("h1").waitFor();
    const { body: before } = await asks(page, "GET", "/policy/versions/published");
    before.document.rules.flow.push({ id: `${stamp}-guests`, sentence: "Whoever is in on some days receives visitors.", if: [{ group: "APP-iOffice-Users" }, { attribute: "workMode", is: "hybrid" }], then: [{ role: "operator", module: "visitor" }] });
    await asks(page, "PUT", `/policy/drafts/${stamp}-plan`, { document: before.document }, { "if-none-match": "*" });
    const { body: effect } = await asks(page, "POST", "/whatif", { draft: `${stamp}-plan` });
    await page.goto(`${BASE}/all/plans`);
    await page.locator(`a[href$="${effect.seal}"]`).click();
    await sees(page, "How far it reaches");
    await page.locator(".because", { hasText: `${stamp}-guests` }).first().waitFor();
    const first = page.locator("ul.list > li", { has: page.getByRole("checkbox", { name: /^Apply for/ }) }).first();
    const who = await first.locator("[data-row]").innerText();
    await first.getByRole("checkbox", { name: /^Apply for/ }).uncheck();
    await first.getByText("left out").waitFor();
    await button(page, "Apply exactly this").click();
    await page.getByRole("dialog").getByRole("button", { name: /^Apply for/ }).click();
    await page.waitForFunction((seal) => !location.pathname.endsWith(seal), effect.seal);
    await page.getByRole("progressbar", { name: "People looked at" }).waitFor();
    await button(page, "Stop all writes").first().waitFor();
    // As fast as the site answers: three calls for each of them, eight calls a second.
    await page.getByText("Everybody was looked at").first().waitFor({ timeout: 60_000 });
    await button(page, "Say what became of it").click();
    await page.getByText(/changes? made/).first().waitFor();
    await page.reload();
    await sees(page, "What became of it");
    await page.locator("ul.list > li", { hasText: who }).first().getByText("left out").waitFor();
    await asks(page, "POST", "/policy/rollback", { to: before.version, reason: "the journey is over", expected: before.version + 1 });
  },

  async "a line of the activity opens its steps, its fields and what comes next"(page) {
    await page.goto(`${BASE}/all/activity?show=changes`);
    const done = page.locator("li.choice", { hasText: /written|created/ }).first();
    await done.getByRole("button", { name: /^Details/ }).click();
    const panel = page.locator(".sticky section");
    await panel.getByText(/^planned:/).first().waitFor();
    await panel.getByText("Changed fields").click();
    await panel.locator("tbody tr").first().waitFor();
    await panel.locator(".because").first().waitFor();
    await panel.getByText("What to do next").click();
    await panel.getByRole("button", { name: "Look at them again" }).click();
    await panel.getByText("Asked for.").waitFor();
    // It is a link: whoever gets it sees the same.
    await page.reload();
    await panel.getByRole("button", { name: "Look at them again" }).waitFor();
    await panel.getByText("Steps").click();
    await panel.getByText(/^planned:/).first().waitFor();
  },

  async "search leads to a person and back"(page) {
    await page.goto(`${BASE}/all/people`);
    const first = page.locator("[data-row]").first();
    const name = await first.innerText();
    await page.getByRole("button", { name: "Search people, screens and actions" }).click();
    await page.locator("input.mantine-Spotlight-search").fill(name.split(" ")[0]);
    await page.locator(".mantine-Spotlight-action", { hasText: name.split(" ")[0] }).first().waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/people\/.+\/.+/);
    await page.getByRole("tab", { name: "Now" }).waitFor();
    await page.getByRole("tab", { name: "Explain" }).click();
    await page.getByLabel("About", { exact: true }).first().fill("seat");
    await sees(page, "What could give “seat”");
    await page.locator("[data-way]").first().waitFor();
    await page.goBack();
  },

  async "the map of a floor says who sits where, and why"(page) {
    await page.goto(`${BASE}/all/places`);
    await page.locator(".storey").first().waitFor();
    const busiest = await page.locator(".storey .counts").evaluateAll((all) => all.map((one) => Number.parseInt(one.innerText, 10) || 0).reduce((best, n, i, list) => (n > list[best] ? i : best), 0));
    await page.locator(".storey").nth(busiest).click();
    const taken = page.locator("button.tile[data-state=full]").first();
    await taken.focus();
    await page.keyboard.press("Enter");
    const seat = page.locator("section", { has: page.getByRole("link", { name: "What would change it" }) });
    await seat.waitFor();
    await page.keyboard.press("ArrowRight");
    await page.locator("button.tile[aria-pressed=true]:focus").waitFor();
  },

  async "a flow is drawn from scratch by keyboard, undone, redone, published"(page) {
    const name = `${stamp}-flow`;
    await newDraft(page, name, "Start from scratch");
    await page.goto(`${page.url().split("?")[0]}?view=flow`);
    await page.locator("section.panel header input").first().click();
    await page.getByRole("option").last().click();
    await page.getByRole("textbox", { name: "Id" }).fill(`${stamp}-scratch`);
    await page.getByRole("textbox", { name: "Sentence" }).fill("Designers have the cost center of their department.");
    await page.getByLabel("Priority").first().fill("7");
    const plus = page.getByRole("button", { name: "Add a condition here" });
    if ((await plus.count()) > 0) await plus.first().press("Enter");
    else await button(page, "Add a condition").press("Enter");
    await page.getByLabel("Attribute", { exact: true }).first().fill("department");
    await page.getByRole("textbox", { name: "Value" }).fill("Design");
    await sees(page, "department is Design");
    await button(page, "Back to the flow").click();
    // Another condition after it, moved before it, branched off, and the branch deleted: all by keyboard.
    const step = (text) => page.locator(".react-flow__node", { has: page.locator('[data-kind="if"]'), hasText: text });
    await step("department is Design").focus();
    await page.keyboard.press("+");
    await page.getByRole("menuitem", { name: "A condition" }).press("Enter");
    await page.getByLabel("Attribute", { exact: true }).first().fill("workMode");
    await page.getByRole("textbox", { name: "Value" }).fill("office");
    await step("workMode is office").focus();
    await page.keyboard.press("Alt+ArrowUp");
    await page.locator('.react-flow__node[data-id="if0"]', { hasText: "workMode is office" }).waitFor();
    await page.locator('.react-flow__node[data-id="if0"]').focus();
    await page.keyboard.press("b");
    await page.locator('.react-flow__node[data-id="if0"]', { hasText: "not (workMode is office)" }).waitFor();
    await page.getByRole("button", { name: "Delete flow" }).click();
    await page.locator("section.panel header input").first().click();
    await page.getByRole("option").last().click();
    await page.locator('.react-flow__node[data-id="if0"]').focus();
    await page.keyboard.press("Delete");
    await step("workMode is office").waitFor({ state: "detached" });
    await button(page, "Add an outcome").click();
    await page.getByRole("menuitem", { name: "Cost center called like an attribute" }).click();
    await sees(page, "cost center called like department");
    await button(page, "Undo").click();
    await button(page, "Redo").click();
    await kept(page);
    await page.goto(`${page.url().split("?")[0]}?view=changes`);
    await sees(page, `${stamp}-scratch`);
    await button(page, "Publish").click();
    await page.getByRole("textbox", { name: /^Why/ }).fill("A journey's flow");
    await page.getByRole("dialog").getByRole("button", { name: "Publish", exact: true }).click();
    await page.waitForURL(/\/policies$/, { timeout: WAIT_MS });
    await sees(page, "A journey's flow");
  },

  async "every kind of step is added on the canvas and taken out again by keyboard, with what becomes of its failure"(page) {
    const name = `${stamp}-steps`;
    await newDraft(page, name, "Start from scratch");
    // Conditions of every test, and one of a newer kind: whatever is edited beside them, they stay as they are.
    const { body: draft, etag } = await asks(page, "GET", `/policy/drafts/${name}`);
    const at = draft.document.rules.flow.length - 1;
    const strange = [{ attribute: "email", domain: ["a.example", "b.example"], ends_with: "x" }, { count: 2, of: [{ group: "ROOM-Booking" }, { attribute: "city", matches: "L*" }, { attribute: "costCenter", at_least: 7 }] }, { moon_phase: "full", tenant: "northgate" }];
    Object.assign(draft.document.rules.flow[at], { if: strange, sentence: "Steps." });
    await asks(page, "PUT", `/policy/drafts/${name}`, { document: draft.document }, { "if-match": etag });
    await page.evaluate(() => localStorage.clear());
    await page.goto(`${BASE}/all/policies/${name}?view=flow&flow=${at}`);
    const box = (id) => page.locator(`.react-flow__node[data-id="${id}"]`);
    const adds = async (below, what) => {
      const item = page.getByRole("menuitem", { name: what, exact: true });
      // A box that has just come gives the focus to its form once: whoever was faster asks again.
      for (let left = 4; ; left--) {
        await box(below).focus();
        await page.keyboard.press("+");
        try {
          await item.waitFor({ timeout: 3_000 });
          break;
        } catch (late) {
          if (left === 0) throw late;
        }
      }
      await item.press("Enter");
    };
    await box("if2").getByText("moon phase full and from tenant northgate").waitFor();
    await adds("if2", "A role in a center");
    await box("then0").getByText("role customer for reservation").waitFor();
    await adds("if2", "A look-up in a table");
    await adds("look", "A hold");
    await page.locator("fieldset.body").getByLabel("Hold", { exact: true }).first().fill("2 days");
    await adds("hold", "An approval");
    await box("ask").getByText("Approval by manager").waitFor();
    await adds("then0", "A message");
    await box("tell").getByText("once a read shows it").waitFor();
    // What becomes of a failure: retried, something else instead, somebody told.
    await box("then0!").focus();
    await page.keyboard.press("Enter");
    await button(page, "Say it for this outcome").press("Enter");
    await page.getByLabel("Tries more").first().fill("2");
    await button(page, "Add to instead").click();
    await page.getByRole("menuitem", { name: "Entry through doors" }).press("Enter");
    await box("then0!").getByText("tried 2 more times, 10 minutes apart").waitFor();
    await box("then0+0").getByText("entry to building of their seat").waitFor();
    // A condition between two others is opened and changed; its neighbours stay.
    await box("if0").focus();
    await page.keyboard.press("Enter");
    await page.getByLabel("Attribute", { exact: true }).first().fill("secondEmail");
    await kept(page);
    const flow = async () => (await asks(page, "GET", `/policy/drafts/${name}`)).body.document.rules.flow[at];
    const { id, template, ...made } = await flow();
    const channel = Object.keys(draft.document.rules.notify)[0];
    const want = {
      sentence: "Steps.", if: [{ ...strange[0], attribute: "secondEmail" }, strange[1], strange[2]], look_up: Object.keys(draft.document.tables)[0], but_first: { hold: "2 days", approval: ["manager"] }, tell: [channel],
      then: [{ role: "customer", module: "reservation", if_it_fails: { retry: 2, every: "10 minutes", instead: [{ door: "building of their seat" }] } }],
    };
    const ordered = (value) => JSON.stringify(value, (_, v) => (v && typeof v === "object" && !Array.isArray(v) ? Object.fromEntries(Object.entries(v).sort()) : v));
    if (ordered(made) !== ordered(want)) throw new Error(`not what was drawn: ${ordered(made)}\nwanted ${ordered(want)}`);
    // And out again, each by its key; undo brings the last one back.
    for (const step of ["hold", "ask", "look", "then0!"]) {
      await box(step).focus();
      await page.keyboard.press("Delete");
      if (step === "then0!") await box("then0+0").waitFor({ state: "detached" });
      else await box(step).waitFor({ state: "detached" });
    }
    await box("tell").focus();
    await page.keyboard.press("Delete");
    await box("tell").getByText("nobody is told").waitFor();
    await button(page, "Undo").click();
    await box("tell").getByText("once a read shows it").waitFor();
    await kept(page);
    const { id: _, template: __, ...left } = await flow();
    const rest = { sentence: "Steps.", if: want.if, tell: [channel], then: [{ role: "customer", module: "reservation" }] };
    if (ordered(left) !== ordered(rest)) throw new Error(`not what is left: ${ordered(left)}`);
  },

  async "ground rules are edited as forms: limits, profile, keys, schedule, lifecycle; comments and neighbours stay"(page) {
    const name = `${stamp}-ground`;
    await newDraft(page, name);
    const { body: before } = await asks(page, "GET", `/policy/drafts/${name}`);
    const part = (title) => page.getByRole("navigation", { name: "Ground rules" }).getByRole("button", { name: new RegExp(`^${title}`) });
    await page.goto(`${BASE}/all/policies/${name}?view=ground`);
    await part("Limits").click();
    await page.waitForURL(/section=guardrails/);
    await page.getByLabel("People at most").first().fill("77");
    await part("Limits").getByText("at most 77 people").waitFor();
    await part("Profile").click();
    await page.getByLabel("Another field").first().click();
    await page.getByRole("option", { name: "comments", exact: true }).click();
    await page.getByLabel("Attributes").first().fill("costCenter");
    await page.keyboard.press("Enter");
    await page.getByLabel("Then changed").first().fill("upper case");
    await page.keyboard.press("Enter");
    await sees(page, "costCenter, as upper case");
    await part("Whose account it is").click();
    await page.getByRole("button", { name: "Move down Keys 1" }).click();
    await part("Schedules").click();
    await page.getByRole("button", { name: "Add to Schedules" }).click();
    for (const [label, value] of [["Id", "noon"], ["Cron", "0 12 * * 1-5"], ["Time zone", "Europe/London"]]) await page.getByLabel(label, { exact: true }).first().fill(value);
    await part("Schedules").getByText("noon: 0 12 * * 1-5 (Europe/London)").waitFor();
    await part("Coming and going").click();
    await page.getByRole("button", { name: "Set A new account" }).click();
    await page.locator(".inset[data-set]", { hasText: "A new account" }).getByRole("button", { name: "Set But first" }).click();
    await page.locator(".inset[data-set] .inset[data-set]").getByLabel("Hold", { exact: true }).first().fill("1 hour");
    await part("Coming and going").getByText("new account").waitFor();
    await kept(page);
    const { body: after } = await asks(page, "GET", `/policy/drafts/${name}`);
    const [was, is] = [before.document.rules, after.document.rules];
    const said = { people: is.guardrails.max_people, comments: is.profile.comments, keys: is.correlation.keys.map((key) => key.kind), noon: is.schedule.at(-1), account: is.lifecycle.new_account };
    const want = { people: 77, comments: { from: "costCenter", as: "upper case" }, keys: [was.correlation.keys[1].kind, was.correlation.keys[0].kind, ...was.correlation.keys.slice(2).map((key) => key.kind)], noon: { id: "noon", cron: "0 12 * * 1-5", zone: "Europe/London" }, account: { but_first: { hold: "1 hour" } } };
    for (const key of Object.keys(want)) if (JSON.stringify(said[key]) !== JSON.stringify(want[key])) throw new Error(`${key}: ${JSON.stringify(said[key])}, not ${JSON.stringify(want[key])}`);
    if (JSON.stringify(is.flow) !== JSON.stringify(was.flow)) throw new Error("flows changed");
    const comments = (text) => text.split("\n").filter((line) => line.startsWith("#")).length;
    if (comments(after.source.rules) !== comments(before.source.rules)) throw new Error("a comment was lost");
    if ((after.problems ?? []).some((p) => p.severity === "error")) throw new Error(JSON.stringify(after.problems));
    await page.goto(`${BASE}/all/policies/${name}?view=changes`);
    await sees(page, "77");
  },

  async "a table is made, gets a column, its rows move by keys; one that is used stays"(page) {
    const name = `${stamp}-sheet`;
    await newDraft(page, name);
    if (!(await button(page, "Delete table places").isDisabled())) throw new Error("a table that flows look something up in can be deleted");
    await button(page, "New table").click();
    await page.getByRole("textbox", { name: "Name of the table" }).fill("titles");
    await page.keyboard.press("Enter");
    const table = page.getByRole("table", { name: "Table titles" });
    await table.getByRole("button", { name: "floor" }).click();
    await page.getByRole("menuitem", { name: "Take the column out" }).click();
    for (const column of ["attribute:title", "value"]) {
      await page.getByLabel("Add a column").first().click();
      await page.getByLabel("Add a column").first().fill(column);
      await page.getByRole("option").first().click();
    }
    const cell = (column, row) => table.getByLabel(`${column}, row ${row}`);
    await cell("value", 1).fill("Engineer");
    await button(page, "Add a row").click();
    await cell("value", 2).focus();
    await page.keyboard.press("Control+d");
    await cell("attribute:title", 2).fill("Sr. Engineer");
    await page.keyboard.press("Alt+ArrowUp");
    await page.waitForFunction(() => document.activeElement?.getAttribute("aria-label") === "attribute:title, row 1");
    await kept(page);
    const { body } = await asks(page, "GET", `/policy/drafts/${name}`);
    const want = { columns: ["site", "building", "attribute:title", "value"], rows: [["", "", "Sr. Engineer", "Engineer"], ["", "", "", "Engineer"]] };
    if (JSON.stringify(body.document.tables.titles) !== JSON.stringify(want)) throw new Error(JSON.stringify(body.document.tables.titles));
    await button(page, "Delete table titles").click();
    await table.waitFor({ state: "detached" });
  },

  async "a template is tried on the live population, and kept only when somebody says so"(page) {
    await page.goto(`${BASE}/all/policies`);
    await page.getByRole("link", { name: "Try Group change" }).click();
    await page.waitForURL(/\/templates\/group-change/);
    const reach = page.getByRole("status", { name: "Whom it concerns" });
    await reach.getByText(/Counts come when/).waitFor();
    const drafts = async () => (await asks(page, "GET", "/policy")).body.drafts.map((draft) => draft.id);
    // Other journeys keep drafts meanwhile, all under this name.
    const others = async () => (await drafts()).filter((id) => !id.startsWith(stamp)).join();
    const before = await others();
    await page.locator(".steplist").getByRole("button", { name: "in …" }).click();
    await page.locator("fieldset.body").getByLabel("Groups").first().fill("APP-iOffice-Users");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => /concerns [\d,]+ (people|person)/.test(document.querySelector("[data-reach]")?.textContent ?? ""));
    const said = await reach.innerText();
    if (Number(said.match(/concerns ([\d,]+)/)[1].replaceAll(",", "")) === 0) throw new Error(`it concerns nobody: ${said}`);
    if (!/\+[\d,]+ gain, −[\d,]+ lose/.test(said)) throw new Error(`no counts: ${said}`);
    // Names, from the same judgement as a draft's; and nothing of it can be applied.
    await page.getByText("Effect", { exact: true }).first().click();
    await button(page, "Compute").click();
    await page.getByRole("heading", { name: "Floors" }).waitFor();
    if ((await page.getByRole("button", { name: "Apply exactly this" }).count()) > 0) throw new Error("what nobody kept can be applied");
    if ((await others()) !== before) throw new Error("a draft was kept");
    await button(page, "Keep as a draft").click();
    await page.getByRole("textbox", { name: "Name" }).fill(`${stamp}-tried`);
    await button(page, "Begin").click();
    await page.waitForURL(new RegExp(`/policies/${stamp}-tried`));
    await kept(page);
    if (!(await drafts()).includes(`${stamp}-tried`)) throw new Error("the draft was not kept");
  },

  async "a pasted table shows unknown names and offers the nearest"(page) {
    await newDraft(page, `${stamp}-table`);
    const sheet = page.locator("table.sheet");
    await sheet.waitFor();
    const heads = await sheet.locator("thead th").allInnerTexts();
    const column = heads.findIndex((head) => head.trim() === "building") - 1;
    const rows = await sheet.locator("tbody tr").count();
    const real = await sheet.locator("tbody tr").first().locator("td input").nth(column).inputValue();
    await button(page, "Add a row").click();
    const cell = sheet.locator("tbody tr").nth(rows).locator("td input").nth(column);
    await cell.focus();
    await cell.evaluate((input, text) => {
      const data = new DataTransfer();
      data.setData("text", text);
      input.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
    }, `${real.slice(0, -1)}q\t\n`);
    await sees(page, "names that nobody knows");
    await page.getByRole("status").getByRole("button", { name: real, exact: true }).first().click();
    await page.waitForFunction(([n, c, want]) => [...document.querySelectorAll("table.sheet tbody tr")][n]?.querySelectorAll("td input")[c]?.value === want, [rows, column, real]);
  },

  async "a session ends while somebody writes: they sign in again in another tab, and their page goes on"(page, _, browser) {
    // A demo of its own, which lets nobody in as a guest and signs out whoever does nothing for a few seconds.
    const idle = 15;
    await otherDemo(idle, async ({ base, token }) => {
      const get = async (path) => (await fetch(`${base}/api/v1${path}`, { headers: { authorization: `Bearer ${token}` } })).json();
      const groups = async ({ tenant, id }) => (await get(`/people/${tenant}/${id}`)).person.groups.map((group) => group.name);
      let editor;
      // Their groups are known a moment after they are.
      for (const until = Date.now() + WAIT_MS; !editor && Date.now() < until; ) {
        const people = (await get("/people?tenant=northgate&limit=100")).items;
        for (const one of people) if (one.status === "ACTIVE" && (await groups(one)).includes("DEPT-Facilities")) { editor = one; break; }
      }
      if (!editor) throw new Error("nobody is in DEPT-Facilities");
      const theirs = await signedInAs(browser, page, editor.email, base);
      const name = `${stamp}-kept`;
      await newDraft(theirs, name, undefined, base);
      await theirs.locator(".sentences [data-row]").first().click();
      const sentence = theirs.getByRole("textbox", { name: "Sentence" });
      await sentence.focus();
      // Nothing is asked meanwhile: what a page asks soon after it was touched is use.
      await theirs.route(/\/api\/v1\//, (route) => route.abort());
      await theirs.waitForTimeout((idle + 2) * 1_000);
      await theirs.unroute(/\/api\/v1\//);
      await sentence.fill("Written after the end.");
      await sees(theirs, "This page waits behind, with what you were writing.");
      const session = await theirs.evaluate(async () => (await fetch("/api/v1/session")).status);
      if (session !== 401) throw new Error(`the session did not end: ${session}`);
      const [tab] = await Promise.all([theirs.context().waitForEvent("page"), theirs.getByRole("link", { name: /^Sign in/ }).click()]);
      await tab.getByLabel("Name or login").fill(editor.email);
      await button(tab, "Search").click();
      await tab.getByRole("link").first().click();
      await sees(tab, "A page that waits in another tab goes on by itself.");
      await theirs.getByRole("dialog").waitFor({ state: "detached", timeout: WAIT_MS });
      if ((await sentence.inputValue()) !== "Written after the end.") throw new Error("what was written is gone");
      // It is sent by itself once somebody is signed in.
      await kept(theirs);
      await theirs.context().close();
    });
  },

  async "two editors never overwrite each other"(page, context) {
    const name = `${stamp}-two`;
    await newDraft(page, name);
    const other = await context.newPage();
    await other.goto(page.url());
    for (const [who, text] of [[page, "First."], [other, "Second."]]) {
      await who.locator(".sentences [data-row]").first().click();
      await who.getByRole("textbox", { name: "Sentence" }).fill(text);
      if (who === page) {
        await who.locator(".pagehead .tag[data-fill=info]").waitFor();
        await kept(who);
      }
    }
    await sees(other, "Somebody else changed this draft.");
    // Nor after a reload: what was kept in the browser is on top of another state.
    await other.reload();
    await sees(other, "Somebody else changed this draft.");
    await button(other, "Keep mine beside it").click();
    await other.waitForURL(new RegExp(`${name}-mine`), { timeout: WAIT_MS });
    await sees(other, "Second.");
    await page.reload();
    await sees(page, "First.");
  },

  async "a lost stream is said, and live again"(page) {
    await page.goto(`${BASE}/all/overview`);
    await page.locator("h1").waitFor();
    await page.route("**/api/v1/events", (route) => route.abort());
    await page.reload();
    await sees(page, "Not live");
    await page.unroute("**/api/v1/events");
    await page.locator(".live[data-tone=ok]").waitFor({ timeout: WAIT_MS });
  },

  async "a token is made, shown once, revoked"(page) {
    await page.goto(`${BASE}/all/settings`);
    await button(page, "New token").click();
    await page.getByRole("textbox", { name: "Name" }).fill(stamp);
    await button(page, "Make the token").click();
    const secret = await page.locator(".secret").innerText();
    if (!secret.startsWith("lanyard_")) throw new Error(`not a token: ${secret}`);
    await button(page, "Done").click();
    await button(page, `Revoke ${stamp}`).click();
    await button(page, "Revoke the token").click();
    await button(page, `Revoke ${stamp}`).waitFor({ state: "detached", timeout: WAIT_MS });
    if ((await page.content()).includes(secret)) throw new Error("the token is still on the page");
  },

  async "the stop button takes hold and lets go"(page) {
    for (const [name, word, after] of [["Stop all writes", "stop", "Resume writes"], ["Resume writes", "resume", "Stop all writes"]]) {
      await page.goto(`${BASE}/all/overview`);
      await button(page, name).click();
      await page.getByRole("dialog").getByRole("textbox").fill(word);
      await page.getByRole("dialog").getByRole("button", { name, exact: true }).click();
      await button(page, after).waitFor({ timeout: WAIT_MS });
    }
  },
};

const wanted = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: BROWSER, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
let failed = 0;

/** Whether it came to its end. With `again`, it will be tried once more, so that it has not failed yet. */
async function travel(name, journey, again = false) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce" });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  const begun = Date.now();
  try {
    await journey(page, context, browser);
    console.log(`ok    ${name} (${((Date.now() - begun) / 1000).toFixed(1)} s)`);
    await context.close();
    return true;
  } catch (error) {
    failed += again ? 0 : 1;
    console.log(`${again ? "fell " : "FAIL "} ${name}\n      ${String(error).split("\n").slice(0, 6).join("\n      ")}`);
    // Of everybody who takes part: what went wrong may stand in another browser than the first.
    const pages = browser.contexts().flatMap((one) => one.pages());
    for (const [n, one] of pages.entries()) if (process.env.OUT_DIR) await one.screenshot({ path: `${process.env.OUT_DIR}/${name.replaceAll(/\W+/g, "-").slice(0, 60)}-${n}.png` }).catch(() => undefined);
  }
  await context.close();
  return false;
}

/** What publishes or stops everything goes alone; the rest keeps out of each other's way. */
const ALONE = /taken back|published|cut down by one person|until somebody decides|approver approves|stop button|leaves in Okta/;
const chosen = Object.entries(JOURNEYS).filter(([name]) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
if (chosen.length === 0) {
  console.log(`FAIL  no journey is called ${wanted.join(" or ")}`);
  await browser.close();
  process.exit(1);
}
const begun = Date.now();
const together = chosen.filter(([name]) => !ALONE.test(name));
const fell = [];
await Promise.all(Array.from({ length: AT_ONCE }, async () => {
  for (let next = together.shift(); next; next = together.shift()) if (!(await travel(...next, true))) fell.push(next);
}));
// Several browsers on a busy machine get in each other's way: whatever fell among them is tried once more, alone and under
// names of its own. What falls again has failed.
for (const [name, journey] of fell) {
  stamp = `${stamp}b`;
  await travel(name, journey);
}
for (const [name, journey] of chosen.filter(([name]) => ALONE.test(name))) await travel(name, journey);
await browser.close();
const took = Date.now() - begun;
console.log(`${chosen.length} journeys in ${(took / 1000).toFixed(0)} s, ${failed} failed`);
if (took > BUSY * TOGETHER_MS) console.log(`FAIL  together they may take ${TOGETHER_MS / 1000} s, on a busy machine ${(BUSY * TOGETHER_MS) / 1000} s`);
else if (took > TOGETHER_MS) console.log(`slow  together they should take ${TOGETHER_MS / 1000} s: is the machine busy?`);
process.exit(failed === 0 && took <= BUSY * TOGETHER_MS ? 0 : 1);
