// Journeys through the console in a real browser, against a running demo (or the mock server):
//   BASE_URL=http://127.0.0.1:8480 node e2e/journeys.mjs [NAME…]
// Each journey starts on a page of its own and ends with what a person would see. Ends with 1 if one fails.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const BASE = (process.env.BASE_URL ?? "").replace(/\/$/, "");
const BROWSER = process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((p) => existsSync(p));
if (!BASE || !BROWSER) {
  console.error("usage: BASE_URL=http://… node e2e/journeys.mjs (CHROMIUM names the browser)");
  process.exit(2);
}
const WAIT_MS = 60_000;
const stamp = `j${Date.now().toString(36)}`;
const button = (page, name) => page.getByRole("button", { name, exact: true });
/** The server has the draft as it is shown. */
const kept = (page) => page.locator(".pagehead .tag[data-fill=ok]").waitFor({ timeout: WAIT_MS });
const sees = (page, text) => page.getByText(text).first().waitFor({ timeout: WAIT_MS });

async function newDraft(page, name, template) {
  await page.goto(`${BASE}/all/policies`);
  if (template) await button(page, `Use ${template}`).click();
  else await button(page, "New draft").click();
  await page.getByRole("textbox", { name: "Name" }).fill(name);
  await button(page, "Begin").click();
  await page.waitForURL(new RegExp(`/policies/${name}`), { timeout: WAIT_MS });
  await kept(page);
}

const JOURNEYS = {
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
    await page.getByLabel("Add an outcome", { exact: true }).first().click();
    await page.getByRole("option", { name: "Cost center called like an attribute" }).click();
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

  async "what is written while the session has ended is kept, and put back"(page) {
    const name = `${stamp}-kept`;
    await newDraft(page, name);
    await page.route("**/api/v1/policy/drafts/**", (route) => (route.request().method() === "PUT" ? route.fulfill({ status: 401, contentType: "application/problem+json", body: '{"title":"you are not signed in","code":"sign_in"}' }) : route.continue()));
    await page.locator(".sentences [data-row]").first().click();
    await page.getByRole("textbox", { name: "Sentence" }).fill("Written after the end.");
    await sees(page, "only in this browser");
    await page.unroute("**/api/v1/policy/drafts/**");
    await page.reload();
    await sees(page, "kept in this browser and is put back");
    await sees(page, "Written after the end.");
    await kept(page);
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
for (const [name, journey] of Object.entries(JOURNEYS)) {
  if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue;
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce" });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  const begun = Date.now();
  try {
    await journey(page, context);
    console.log(`ok    ${name} (${((Date.now() - begun) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${name}\n      ${String(error).split("\n").slice(0, 6).join("\n      ")}`);
    if (process.env.OUT_DIR) await page.screenshot({ path: `${process.env.OUT_DIR}/${name.replaceAll(/\W+/g, "-")}.png` });
  }
  await context.close();
}
await browser.close();
process.exit(failed === 0 ? 0 : 1);
