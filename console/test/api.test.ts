import { readFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";
import { expect, test } from "vitest";

// The committed types are those of the committed document: `npm run api` writes them.
test("types follow the OpenAPI document", async () => {
  const document = JSON.parse(await readFile("../docs/reference/openapi.json", "utf8"));
  const made = astToString(await openapiTS(document));
  const kept = await readFile("src/generated/api.d.ts", "utf8");
  const bare = (text: string) => text.replace(/^\/\*\*[\s\S]*?\*\/\n/, "").trim();
  expect(bare(kept) === bare(made), "run `npm run api`").toBe(true);
}, 30_000);
