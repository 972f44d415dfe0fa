/** All that a day at the dashboard needs, without a mouse, in a real browser: what has the focus is always seen. */

import assert from "node:assert/strict";
import type { Locator, Page } from "playwright-core";
import { ignore, name, withDashboard } from "../helpers/dashboard_bench.ts";
import { fakeSearch } from "../helpers/fake_search.ts";

/** What is wrong with how the focus shows; null when it is seen, empty where nothing has it. */
const focusProblem = `(() => {
  const focused = document.activeElement;
  if (!focused || focused === document.body) return "";
  const shown = focused.closest(".visually-hidden") ? focused.closest("label") : focused;
  const { outlineStyle, outlineWidth } = getComputedStyle(shown);
  const box = shown.getBoundingClientRect();
  const hasRing = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  const isInView = box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight &&
    box.right > 0 && box.left < innerWidth;
  return hasRing && isInView ? null : (hasRing ? "out of view: " : "without a ring: ") + shown.outerHTML.slice(0, 200);
})()`;

async function assertFocusIsSeen(page: Page): Promise<void> {
  assert.equal(await page.evaluate(focusProblem), null);
}

/** Presses Tab until an element has the focus; whatever has it on the way is seen to have it. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  for (let presses = 0; presses < 150; presses++) {
    await page.keyboard.press("Tab");
    const problem = await page.evaluate(focusProblem);
    // After the last element the focus leaves the page once.
    assert.ok(problem === null || problem === "", String(problem));
    const isThere = await target.evaluate((element) => {
      const { document } = globalThis as unknown as { document: { activeElement: unknown } };
      return document.activeElement === element;
    });
    if (isThere) return;
  }
  assert.fail(`expected within 150 presses of Tab: ${target}`);
}

const hashOf = (page: Page) => new URL(page.url()).hash;

/** Opens the list of keys and closes it; the focus comes back to where it was. */
async function lookAtHelp(page: Page): Promise<void> {
  await page.evaluate("globalThis.before = document.activeElement");
  await page.keyboard.press("?");
  await page.getByRole("heading", { name: "Keys" }).waitFor();
  await page.locator("dialog button:focus").waitFor();
  await assertFocusIsSeen(page);
  await page.keyboard.press("Escape");
  await page.getByRole("heading", { name: "Keys" }).waitFor({ state: "hidden" });
  assert.ok(await page.evaluate("document.activeElement === globalThis.before"), "the focus is back");
}

/** Notes what is played: a sound may end before it is looked for. */
const notePlayed = `
  globalThis.played = [];
  const { play } = HTMLMediaElement.prototype;
  HTMLMediaElement.prototype.play = function () {
    globalThis.played.push(this.src);
    return play.call(this);
  };
`;

Deno.test({
  name: `everything is reached by key: runs, charts, windows, map, search, help and results${name}`,
  ignore,
  fn: () =>
    withDashboard(async ({ open }) => {
      const page = await open("", { initScript: notePlayed });
      await tabTo(page, page.getByRole("link", { name: "r1", exact: true }));
      await page.keyboard.press("Enter");
      await page.getByText("Step 240 of 400").waitFor();

      await tabTo(page, page.getByRole("button", { name: "log y" }));
      await page.keyboard.press("Space");
      await page.waitForURL(({ hash }) => hash.includes("logy=1"));
      await tabTo(page, page.getByRole("application", { name: /^Total/ }));
      await page.keyboard.press("+");
      await page.waitForURL(({ hash }) => hash.includes("from="));
      await page.keyboard.press("0");
      await page.waitForURL(({ hash }) => !hash.includes("from="));

      await page.keyboard.press("4");
      await tabTo(page, page.getByRole("button", { name: "Play the speech of window 0 of scan scan0" }));
      await page.keyboard.press("Enter");
      assert.match(String(await page.evaluate("globalThis.played")), /windows\/0\/speech\.wav$/);
      const mark = page.getByRole("button", { name: "not about the picture: window 0 of scan scan0" });
      await tabTo(page, mark);
      await page.keyboard.press("Space");
      await page.locator("button[aria-pressed=true]", { hasText: "not about the picture" }).waitFor();

      await page.keyboard.press("2");
      const map = page.locator("canvas.map[data-drawn-with]");
      await tabTo(page, map);
      await page.keyboard.press("ArrowRight");
      await page.getByText("Window 3000 of scan scan3").waitFor();
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "Window 1 of scan scan3" }).waitFor();
      await page.keyboard.press("v");
      await page.getByRole("heading", { name: "60 windows chosen" }).waitFor();
      await lookAtHelp(page);

      await page.keyboard.press("5");
      await page.getByRole("search").waitFor();
      await page.keyboard.press("/");
      await page.locator("input[type=search]:focus").waitFor();
      await assertFocusIsSeen(page);
      await page.keyboard.type("an even pattern");
      await page.keyboard.press("Enter");
      const hits = page.getByRole("list", { name: /^Windows found/ });
      await tabTo(page, hits.getByRole("button", { name: /^Play/ }).first());
      await page.keyboard.press("Space");
      assert.match(String(await page.evaluate("globalThis.played.at(-1)")), /windows\/3003\/speech\.wav$/);
      await lookAtHelp(page);

      await tabTo(page, page.getByRole("link", { name: "Sonospeech" }));
      await page.keyboard.press("Enter");
      await tabTo(page, page.getByRole("link", { name: "Results", exact: true }));
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "Results", exact: true }).waitFor();
      assert.equal(hashOf(page), "#/results");
    }, { searchEngine: fakeSearch() }),
});
