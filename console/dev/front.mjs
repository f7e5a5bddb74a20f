// The built console before a running Lanyard, under the real page's policy, without a release build:
//   npm run build && LANYARD_URL=http://127.0.0.1:8480 node dev/front.mjs [--dist dist] [--port 4190]
// Files come from `dist`, everything else from that server.
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer, request as ask } from "node:http";
import { extname, join, normalize } from "node:path";

const option = (name, otherwise) => (process.argv.includes(`--${name}`) ? process.argv[process.argv.indexOf(`--${name}`) + 1] : otherwise);
const DIST = option("dist", "dist");
const PORT = Number(option("port", "4190"));
const SERVER = new URL(process.env.LANYARD_URL ?? "http://127.0.0.1:8480");
const TYPES = { ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2", ".md": "text/markdown; charset=utf-8" };
/** What the server answers itself; every other path is a screen. */
const SERVERS = /^\/(api|hooks|scim)\/|^\/sign-in\/|^\/(healthz|readyz|metrics)$|^\/sign-in\?token=/;

function page(answer) {
  const nonce = randomBytes(16).toString("base64");
  answer.writeHead(200, {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
  });
  answer.end(readFileSync(join(DIST, "index.html"), "utf8").replaceAll("__CSP_NONCE__", nonce));
}

createServer((request, answer) => {
  const at = new URL(request.url, "http://localhost");
  if (SERVERS.test(request.url)) {
    const passed = ask({ host: SERVER.hostname, port: SERVER.port, path: request.url, method: request.method, headers: request.headers }, (said) => {
      answer.writeHead(said.statusCode, said.headers);
      said.pipe(answer);
    });
    passed.on("error", () => answer.destroy());
    answer.on("close", () => passed.destroy());
    return request.pipe(passed);
  }
  const file = join(DIST, normalize(decodeURIComponent(at.pathname)));
  if (at.pathname !== "/" && existsSync(file) && statSync(file).isFile()) {
    answer.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" });
    return answer.end(readFileSync(file));
  }
  if (at.pathname.startsWith("/assets/")) return answer.writeHead(404).end();
  return page(answer);
}).listen(PORT, "127.0.0.1", () => console.log(`front: http://127.0.0.1:${PORT} before ${SERVER.origin}`));
