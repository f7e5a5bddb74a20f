// Holds the built console to its budgets, in brotli as the server sends it: the shell is what the page asks for at once,
// a lazy route is the rest of what opening its screen brings.
//   node e2e/size.mjs [DIST]
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

const DIST = process.argv[2] ?? "dist";
const SHELL_KB = 190;
const ROUTE_KB = 150;

const assets = join(DIST, "assets");
const sizes = new Map();
for (const name of readdirSync(assets)) {
  if (!/\.(js|css)$/.test(name)) continue;
  sizes.set(name, brotliCompressSync(readFileSync(join(assets, name)), { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length);
}
/** Files that a script imports before it can run, itself included. */
function needs(name, seen = new Set()) {
  if (seen.has(name) || !sizes.has(name)) return seen;
  seen.add(name);
  if (!name.endsWith(".js")) return seen;
  const text = readFileSync(join(assets, name), "utf8");
  for (const [, other] of text.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)) needs(other, seen);
  return seen;
}
const kb = (names) => [...names].reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0) / 1000;

const page = readFileSync(join(DIST, "index.html"), "utf8");
const shell = new Set();
for (const [, name] of page.matchAll(/assets\/([^"]+\.(?:js|css))/g)) for (const needed of needs(name)) shell.add(needed);
let failed = false;
const say = (what, size, max) => {
  const over = size > max;
  failed ||= over;
  console.log(`${over ? "OVER" : "ok  "}  ${what.padEnd(28)} ${size.toFixed(1)} KB of ${max}`);
};
say("shell", kb(shell), SHELL_KB);
const lazy = [...sizes.keys()].filter((name) => /^[A-Z]\w+-[\w-]{8}\.js$/.test(name) && !name.startsWith("Icon"));
for (const name of lazy) {
  const style = name.replace(/-[\w-]{8}\.js$/, "");
  const own = new Set([...needs(name)].filter((needed) => !shell.has(needed)));
  for (const css of sizes.keys()) if (css.endsWith(".css") && css.startsWith(`${style}-`)) own.add(css);
  const size = kb(own);
  if (size > 8) say(style, size, ROUTE_KB);
}
process.exit(failed ? 1 : 0);
