/** Asks axe whether a page is accessible. */

import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";

const axePath = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** What breaks WCAG 2.2 AA, as "rule: element". */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(await Deno.readTextFile(axePath));
  const results = await page.evaluate(
    `axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })`,
  ) as AxeResults;
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.target.join(" ")}`)
  );
}
