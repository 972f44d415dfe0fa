/** A scan's timeline in a real browser: scrubbing, playing, frames, the address, and how it looks. */

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { violations } from "../helpers/accessibility.ts";
import { type Bench, eventually, ignore, name, withDashboard } from "../helpers/dashboard_bench.ts";

const screenshots = Deno.env.get("SONOSPEECH_SCREENSHOTS");

/** With a certificate of the split. */
function withPages(test: (open: Bench["open"], root: string) => Promise<void>): Promise<void> {
  return withDashboard(async ({ open, root, run }) => {
    const split = (subjects: number) => ({
      subjects: new Array(subjects).fill("aa"),
      scans: subjects,
      windows: 20,
    });
    const rule = { cellSeconds: 0.5, segmentCells: 3, surroundingCells: 7, segmentCorrelation: 0.65 };
    await Deno.writeTextFile(
      `${run.folder}/certificate.json`,
      JSON.stringify({
        ...{ version: 1, datasetId: "d", windowsCompared: 140, nearDuplicates: 0 },
        splits: { train: split(3), validation: split(3), test: split(1) },
        rules: { pictures: rule, speech: rule },
      }),
    );
    await test(open, root);
  });
}

const hashOf = (page: Page) => new URL(page.url()).hash;
/** What the page says of the instant that is shown. */
const fact = (page: Page, term: string) =>
  page.locator(".facts div", { has: page.locator("dt", { hasText: term }) }).locator("dd");
const shownFrame = (page: Page) => page.getByAltText(/^Frame \d+ of 160$/);

Deno.test({
  name: `a scan is scrubbed by keys, pointer and frames, and keeps its place in the address${name}`,
  ignore,
  fn: () =>
    withPages(async (open) => {
      const page = await open("#/run/r1/data");
      await page.getByText("No subject is in two splits:").waitFor();
      await page.getByText("3 training, 3 validation, 1 test subjects").waitFor();
      await page.getByRole("link", { name: "scan0" }).click();
      const slider = page.getByRole("slider", { name: "Place in the scan" });
      await slider.focus();
      for (let i = 0; i < 14; i++) await page.keyboard.press("ArrowRight");
      await eventually(() => hashOf(page) === "#/run/r1/data/scan0?frame=14", "the address holds the frame");
      assert.match((await slider.getAttribute("aria-valuetext"))!, /^0:03, frame 15 of 160$/);
      assert.equal(await fact(page, "Window").textContent(), "2");
      assert.equal(await fact(page, "Label").textContent(), "head");
      assert.match((await fact(page, "Pace at epoch 11").textContent())!, /^(let in|held back), affinity/);
      await eventually(
        async () => (await shownFrame(page).getAttribute("src"))!.endsWith("index=14"),
        "the frame is shown",
      );
      await slider.blur();
      await page.keyboard.press("ArrowLeft");
      await fact(page, "Frame").getByText("14 of 160").waitFor();

      await page.getByText("Listening for voiced spans…").waitFor({ state: "detached" });
      const lanes = page.locator(".lanes");
      const box = (await lanes.boundingBox())!;
      await page.mouse.move(box.x + box.width * 0.25, box.y + 5);
      await page.mouse.down();
      // The middle of the 97th of 160 frames: a place between two frames would be either's, as the page is wide.
      await page.mouse.move(box.x + box.width * 96.5 / 160, box.y + 20, { steps: 5 });
      await page.mouse.up();
      await fact(page, "Frame").getByText("97 of 160").waitFor();
      assert.equal(await fact(page, "Label").textContent(), "<b>heart</b>");
      assert.equal(await page.locator(".legend b").count(), 0, "no label became markup");
      assert.match((await fact(page, "Gaze").textContent())!, /across|no fixation/);
      await eventually(() => hashOf(page).includes("frame=96"), "the address follows the pointer");
      await page.reload();
      await fact(page, "Frame").getByText("97 of 160").waitFor();

      await page.getByRole("button", { name: "Go to frame 5, at 0:01" }).click();
      await fact(page, "Frame").getByText("5 of 160", { exact: true }).waitFor();
      await page.getByLabel("Show").selectOption("frame");
      await page.getByRole("button", { name: "Next frames" }).click();
      await page.getByText("25–48 of 160").waitFor();
      assert.ok(hashOf(page).includes("every=frame") && hashOf(page).includes("grid=24"));
      await page.goBack();
      await page.getByText("1–24 of 160").waitFor();

      await page.keyboard.press("p");
      await page.getByRole("button", { name: "Stop" }).waitFor();
      const playedTo = async () => Number((await fact(page, "Frame").textContent())!.split(" ")[0]);
      await eventually(async () => await playedTo() > 8, "it moves with its speech");
      assert.ok(await playedTo() < 100, "from where it was, not from elsewhere");
      await page.keyboard.press("p");
      await page.getByRole("button", { name: "Play from here" }).waitFor();
      const stopped = await playedTo();
      await eventually(() => hashOf(page).includes(`frame=${stopped - 1}`), "the address follows");
      await page.getByRole("link", { name: "Next scan ›" }).click();
      await page.getByRole("heading", { name: "Scan scan1" }).waitFor();
      await page.getByText("Listening for voiced spans…").waitFor({ state: "detached" });
    }),
});

Deno.test({
  name: `a scan's picture that comes late moves nothing${name}`,
  ignore,
  fn: () =>
    withPages(async (open) => {
      const page = await open("#/run/r1/data");
      let release = () => {};
      const released = new Promise<void>((resolve) => release = resolve);
      await page.route(/frame\.png/, (route) => released.then(() => route.continue()));
      await page.getByRole("link", { name: "scan0" }).click();
      await page.getByText("Listening for voiced spans…").waitFor({ state: "detached" });
      const lanes = page.locator(".lanes");
      await lanes.getByRole("img", { name: /^Affinity of the windows/ }).waitFor();
      const before = await lanes.boundingBox();
      release();
      const isShown = "document.querySelector('.frame-viewer img').naturalWidth > 0";
      await eventually(() => page.evaluate(isShown), "the picture is shown");
      assert.deepEqual(await lanes.boundingBox(), before);
    }),
});

Deno.test({
  name: `a scan is accessible and fits 390 and 1280 pixels, dark and light${name}`,
  ignore,
  fn: () =>
    withPages(async (open, root) => {
      const folder = screenshots ?? `${root}/screenshots`;
      for (
        const [width, colorScheme] of [[1280, "light"], [1280, "dark"], [390, "light"], [
          390,
          "dark",
        ]] as const
      ) {
        const page = await open("#/run/r1/data/scan0?frame=42", {
          viewport: { width, height: 860 },
          colorScheme,
        });
        for (const view of ["#/run/r1/data/scan0?frame=42", "#/run/r1/data"]) {
          await page.evaluate((hash) => void (location.hash = hash), view);
          const settled = "document.querySelector('main section h2') && " +
            "!/Loading…|Listening/.test(document.body.innerText) && [...document.images].every((i) => i.complete || i.loading === 'lazy')";
          await page.waitForTimeout(100);
          await eventually(() => page.evaluate(settled), `${view} is shown`);
          const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
          assert.ok(Number(overflow) <= 0, `${view} is wider than ${width} pixels`);
          const file = view.includes("scan0") ? "scan" : "data";
          await page.screenshot({ path: `${folder}/${file}-${width}-${colorScheme}.png`, fullPage: true });
          assert.deepEqual(await violations(page), [], `${view} at ${width} ${colorScheme}`);
        }
        await page.context().close();
      }
    }),
});
