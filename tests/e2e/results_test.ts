/** A comparison's tables, matrices and the windows behind them in a real browser. */

import assert from "node:assert/strict";
import type { Locator, Page } from "playwright-core";
import { violations } from "../helpers/accessibility.ts";
import { type Bench, eventually, ignore, name, withDashboard } from "../helpers/dashboard_bench.ts";
import { fakeAnsweredReport, fakeReport, hostileText } from "../helpers/fake_report.ts";
import { fakeDataset } from "../helpers/fake_run.ts";

const screenshots = Deno.env.get("SONOSPEECH_SCREENSHOTS");

/** With the comparison `new`, its windows and pictures, and `old`, which was made before answers were kept. */
function withPages(test: (open: Bench["open"], folder: string) => Promise<void>): Promise<void> {
  const openDataset = (path: string) => ({
    ...fakeDataset(),
    id: path.endsWith("dataset-full") ? "fake dataset" : "another",
  });
  return withDashboard(
    async ({ open, run: { runsDirectory } }) => {
      const { report, answers } = fakeAnsweredReport();
      const write = async (path: string, value: unknown) => {
        await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
        await Deno.writeTextFile(path, JSON.stringify(value));
      };
      await write(`${runsDirectory}/old/report.json`, fakeReport());
      await write(`${runsDirectory}/new/report.json`, report);
      await write(`${runsDirectory}/new/answers.json`, answers);
      await write(`${runsDirectory}/new/dataset-full/dataset.json`, {});
      await test(open, `${runsDirectory}/new`);
    },
    { openDataset },
    ["--autoplay-policy=no-user-gesture-required"],
  );
}

const cell = (page: Page, truth: string, answer: string): Locator =>
  page.getByRole("button", { name: new RegExp(`^True ${truth}, answered ${answer}: `) });
const windowsOf = (page: Page) => page.getByRole("list", { name: "Windows of the chosen cell" });
const hashOf = (page: Page) => new URL(page.url()).hash;

/** The frames that the first window shows one after the other from when its speech begins until it ends. */
function framesPlayed(page: Page): Promise<number[]> {
  return page.evaluate(`new Promise((resolve) => {
    const moving = document.querySelector(".moving");
    const seen = [];
    new MutationObserver((_, observer) => {
      if (moving.ariaPressed === "true") return seen.push(Number(moving.dataset.frame));
      observer.disconnect();
      resolve(seen);
    }).observe(moving, { attributes: true });
  })`);
}

/** Windows of the fake answers that the paper's row took for something, by class. */
function expected(truth: string, answer: string): { windows: number; answers: number } {
  const { answers: { classes, windows, trainings } } = fakeAnsweredReport();
  const own = trainings.filter(({ row }) => row === "paper");
  const counts = windows.label.map((label, i) =>
    classes[label] === truth ? own.filter(({ predicted }) => classes[predicted[i]!] === answer).length : 0
  );
  return {
    windows: counts.filter((count) => count > 0).length,
    answers: counts.reduce((sum, count) => sum + count, 0),
  };
}

Deno.test({
  name: `results show the windows behind a cell of a confusion matrix, moving with their speech${name}`,
  ignore,
  fn: () =>
    withPages(async (open) => {
      const page = await open("#/results");
      await page.getByRole("link", { name: "Tables and windows of new" }).click();
      await page.getByRole("region", { name: "Results by metric and row" }).waitFor();
      await page.getByRole("region", { name: "Orderings tested" }).getByRole("cell", { name: "reversed" })
        .waitFor();
      const right = expected("4CH", "4CH");
      await cell(page, "4CH", "4CH").click();
      await page.getByText(`${right.answers} answers of 3 trainings about ${right.windows} windows.`)
        .waitFor();
      assert.match(hashOf(page), /^#\/results\/new\?row=paper&truth=4CH&answer=4CH$/);
      assert.equal(await cell(page, "4CH", "4CH").getAttribute("aria-pressed"), "true");
      assert.equal(await windowsOf(page).getByRole("article").count(), right.windows);
      const [first] = await windowsOf(page).getByRole("article").all();
      assert.match(await first.innerText(), /true 4CH[\s\S]*answered 4CH/);

      const frames = framesPlayed(page);
      await first.getByRole("button", { name: /^Play the window at/ }).click();
      const seen = await frames;
      assert.deepEqual(seen, seen.toSorted((a, b) => a - b), "the frames follow the speech");
      assert.ok(seen.at(-1)! > 0 && seen.at(-1)! < 8, `frames seen: ${seen}`);
      const drawn = await page.evaluate(`document.querySelector(".moving img").naturalWidth`);
      assert.equal(drawn, 8 * 64, "the window's frames side by side");

      await page.goBack();
      await page.waitForURL(({ hash }) => hash === "#/results/new");
      await windowsOf(page).waitFor({ state: "detached" });
    }),
});

Deno.test({
  name:
    `results' confusion matrix is gone through with arrow keys and Enter, and its address opens it again${name}`,
  ignore,
  fn: () =>
    withPages(async (open) => {
      const page = await open("#/results/new");
      await cell(page, "3VT", "3VT").focus();
      const focusable = page.locator(".confusion button[tabindex='0']");
      assert.equal(await focusable.count(), 1, "one stop for the tabulator");
      for (const key of ["ArrowLeft", "ArrowDown", "ArrowDown", "ArrowRight", "ArrowUp", "ArrowRight"]) {
        await page.keyboard.press(key);
      }
      const label = () => page.evaluate("document.activeElement.getAttribute('aria-label')");
      assert.match(String(await label()), /^True 4CH, answered abdomen: /);
      await page.keyboard.press("Enter");
      await page.waitForURL(({ hash }) => hash.includes("answer=abdomen"));
      const { windows } = expected("4CH", "abdomen");
      const found = windowsOf(page).getByRole("article");
      await page.getByRole("status").filter({ hasText: windows === 0 ? "never" : "window" }).waitFor();
      assert.equal(await found.count(), windows);

      await page.keyboard.press("End");
      assert.match(String(await label()), /answered background: /);
      await page.getByRole("combobox", { name: "Row", exact: true }).selectOption("random");
      await page.waitForURL(({ hash }) => /row=random(&|$)/.test(hash));
      const again = await open(hashOf(page));
      assert.equal(await cell(again, "4CH", "abdomen").getAttribute("aria-pressed"), "true");
      assert.equal(await again.getByRole("combobox", { name: "Row", exact: true }).inputValue(), "random");
    }),
});

Deno.test({
  name:
    `results take names for text, and say why an older report has no windows, or windows no pictures${name}`,
  ignore,
  fn: () =>
    withPages(async (open, folder) => {
      const query = new URLSearchParams({ row: "paper", truth: hostileText, answer: hostileText });
      const page = await open(`#/results/new?${query}`);
      await windowsOf(page).getByRole("article").first().waitFor();
      assert.equal(await page.locator("main img[src='x']").count(), 0);
      await page.getByRole("heading", { name: hostileText }).waitFor();

      const old = await open("#/results/old?row=paper&truth=4CH&answer=4CH");
      await old.getByText("made without its windows' answers").waitFor();
      assert.equal(await old.locator(".confusion td").count(), 14 * 15);
      assert.equal(await old.locator(".confusion button").count(), 0);

      await Deno.remove(`${folder}/dataset-full`, { recursive: true });
      const bare = await open("#/results/new?row=paper&truth=4CH&answer=4CH");
      await bare.getByText("so there are no pictures").waitFor();
      assert.equal(
        await windowsOf(bare).getByRole("article").count(),
        expected("4CH", "4CH").windows,
      );
      assert.equal(await bare.locator(".moving").count(), 0);
    }),
});

Deno.test({
  name: `results draw label-efficiency curves and maps over their pictures${name}`,
  ignore,
  fn: () =>
    withPages(async (open) => {
      const page = await open("#/results/new");
      const curve = page.getByRole("img", { name: /^The paper’s method: F1 .* with 100 % of the subjects/ });
      await curve.waitFor();
      assert.equal(await curve.locator("circle").count(), 5);
      assert.equal(await curve.locator("polyline.faint").count(), 6);
      const truth = page.getByRole("img", { name: "Truth, example 1" });
      await truth.waitFor();
      const examples = page.getByRole("group", { name: /^Example \d$/ });
      assert.deepEqual([await examples.count(), await examples.first().locator("canvas").count()], [3, 9]);
      await examples.last().getByText("no picture").waitFor();
      const coloured = async () =>
        Number(
          await page.evaluate(`(() => {
            const canvas = document.querySelector("canvas[aria-label='Truth, example 1']");
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            return data.reduce((count, value, i) => count + (i % 4 === 0 && value !== data[i + 2]), 0);
          })()`),
        );
      await eventually(async () => await coloured() > 500, "the map is seen over the picture");
      await page.getByLabel("Strength of the maps").fill("0");
      await page.waitForURL(({ hash }) => hash.includes("overlay=0"));
      await eventually(async () => await coloured() === 0, "only the picture is left");
    }),
});

Deno.test({
  name: `results fit 390 and 1280 pixels, dark and light, and are accessible${name}`,
  ignore,
  fn: () =>
    withPages(async (open) => {
      for (
        const [width, colorScheme] of [[1280, "light"], [390, "dark"], [1280, "dark"], [
          390,
          "light",
        ]] as const
      ) {
        const page = await open("#/results/new?row=paper&truth=4CH&answer=4CH", {
          viewport: { width, height: 900 },
          colorScheme,
        });
        await windowsOf(page).getByRole("article").first().waitFor();
        await page.getByRole("img", { name: "Truth, example 3" }).waitFor();
        const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
        assert.ok(Number(overflow) <= 0, `wider than ${width} pixels`);
        // Contrast depends on the scheme, layout on the width: two of the four looks have both.
        const isChecked = (width === 1280) === (colorScheme === "light");
        if (isChecked) assert.deepEqual(await violations(page), [], `${width} ${colorScheme}`);
        if (screenshots) {
          for (const [part, selector] of [["top", "h1"], ["matrix", ".confusion"], ["maps", ".overlays"]]) {
            await page.evaluate(`document.querySelector("${selector}").scrollIntoView()`);
            await page.screenshot({ path: `${screenshots}/results-${part}-${width}-${colorScheme}.png` });
          }
        }
        await page.context().close();
      }
    }),
});
