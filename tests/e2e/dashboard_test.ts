/** The dashboard's pages in a real browser, on a run folder made of plain arithmetic. */

import assert from "node:assert/strict";
import type { BrowserContextOptions, Page } from "playwright-core";
import { MetricStore } from "../../lib/records/metric_store.ts";
import { createApp } from "../../routes/app.ts";
import { buildDashboard } from "../../static/build.ts";
import { findBrowser, launchBrowser } from "../helpers/browser.ts";
import { fakeDataset, type FakeRun, makeFakeRun, startedEvent, stepEvent } from "../helpers/fake_run.ts";

const browserPath = findBrowser();
const name = browserPath === null ? " (ignored: no Chromium on this machine)" : "";
const ignore = browserPath === null;
/** Folder for screenshots; a temporary one that is removed when it is not given. */
const screenshots = Deno.env.get("SONOSPEECH_SCREENSHOTS");

interface Served {
  url: string;
  close(): Promise<void>;
}

function serve(root: string, run: FakeRun, port = 0): Served {
  const ending = new AbortController();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port, onListen: () => {} },
    (request) => app.fetch(request),
  );
  const app = createApp({
    runsDirectory: run.runsDirectory,
    allowedHosts: [`127.0.0.1:${server.addr.port}`],
    staticDirectory: `${root}/static`,
    openDataset: () => fakeDataset(),
    feedTimes: { poll: 50, heartbeat: 5000, stall: 60_000 },
    signal: ending.signal,
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    close: async () => {
      ending.abort();
      await server.shutdown();
    },
  };
}

interface Bench {
  root: string;
  run: FakeRun;
  served: Served;
  /** A page whose console errors and policy violations fail the test at its end. */
  open: (path: string, options?: BrowserContextOptions) => Promise<Page>;
  /** What pages complained of. */
  complaints: string[];
}

async function withDashboard(test: (bench: Bench) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir();
  const complaints: string[] = [];
  const browser = await launchBrowser(browserPath!);
  let bench: Bench | undefined;
  try {
    await buildDashboard(`${root}/static`);
    const run = makeFakeRun(root);
    const served = serve(root, run);
    const open = async (path: string, options: BrowserContextOptions = {}) => {
      const page = await (await browser.newContext(options)).newPage();
      page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
      page.on("pageerror", (error) => complaints.push(String(error)));
      await page.goto(`${served.url}/${path}`);
      return page;
    };
    bench = { root, run, served, open, complaints };
    await test(bench);
    assert.deepEqual(complaints, []);
  } finally {
    await browser.close();
    await bench?.served.close();
    await Deno.remove(root, { recursive: true });
  }
}

/** Waits until the chart with this title has so many points, and checks that it stays so. */
async function hasPoints(page: Page, title: string, points: number): Promise<void> {
  const chart = page.locator("figure.chart", {
    has: page.getByRole("heading", { name: title, exact: true }),
  });
  const count = async () => Number(await chart.getAttribute("data-points"));
  await eventually(async () => await count() === points, `${title} has ${points} points`);
  await page.waitForTimeout(200);
  assert.equal(await count(), points);
}

async function eventually(check: () => Promise<boolean>, what: string): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (await check()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`expected within 10 s: ${what}`);
}

/** Whether the canvas holds more than one colour. */
async function isDrawn(page: Page, selector: string): Promise<boolean> {
  return await page.locator(selector).first().evaluate((element) => {
    const canvas = element as unknown as {
      width: number;
      height: number;
      getContext(kind: "2d"): {
        getImageData(x: number, y: number, w: number, h: number): { data: Uint8ClampedArray };
      };
    };
    if (canvas.width === 0) return false;
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size > 1;
  });
}

Deno.test({
  name: `dashboard draws a run, follows it live and shows its windows${name}`,
  ignore,
  fn: () =>
    withDashboard(async ({ run, open }) => {
      const page = await open("");
      await page.getByRole("link", { name: /r1/ }).click();
      await page.getByText("Step 240 of 400").waitFor();
      await hasPoints(page, "Contrastive", 240);
      await eventually(() => isDrawn(page, "figure.chart canvas"), "the charts are drawn");
      await page.getByText("chance 3.47").waitFor();
      await page.getByText("1 not finite").waitFor();

      using writer = MetricStore.open(`${run.folder}/metrics.sqlite`);
      for (let step = 241; step <= 250; step++) writer.append(stepEvent(step));
      writer.flush();
      await page.getByText("Step 250 of 400").waitFor();
      await hasPoints(page, "Contrastive", 250);

      await page.getByRole("link", { name: "Embedding map" }).click();
      await eventually(() => isDrawn(page, "canvas.map"), "the map is drawn");
      await page.locator("canvas.map").focus();
      await page.keyboard.press("ArrowRight");
      await page.getByText("Window 3000 of scan scan3").waitFor();
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "Window 1 of scan scan3" }).waitFor();

      await page.getByRole("link", { name: "Windows", exact: true }).click();
      await page.getByText("1–12 of 140").first().waitFor();
      await page.getByLabel("Split").selectOption("test");
      await page.getByText("1–12 of 20").first().waitFor();
      await page.getByRole("button", { name: "Next windows" }).first().click();
      await page.getByText("13–20 of 20").first().waitFor();
      await page.getByRole("button", { name: /Play the speech/ }).first().click();
      await page.getByRole("button", { name: /Stop the speech/ }).waitFor();

      await page.getByRole("link", { name: "Data", exact: true }).click();
      await page.getByText("it holds no sound").waitFor();
      assert.ok(!(await page.content()).includes("anna"), "no part of a file's path is shown");
    }),
});

Deno.test({
  name: `dashboard loses and repeats nothing when the server goes away and a run is resumed${name}`,
  ignore,
  fn: () =>
    withDashboard(async (bench) => {
      const { root, run, open, complaints } = bench;
      const page = await open("#/run/r1/training");
      await page.getByText("Step 240 of 400").waitFor();
      await page.getByRole("status").getByText("live").waitFor();
      await bench.served.close();
      await page.getByText("reconnecting…").waitFor();

      using writer = MetricStore.open(`${run.folder}/metrics.sqlite`);
      writer.truncateAfter(200);
      writer.append(startedEvent(200));
      for (let step = 201; step <= 260; step++) writer.append(stepEvent(step));
      writer.flush();
      bench.served = serve(root, run, Number(new URL(bench.served.url).port));
      await page.getByText("Step 260 of 400").waitFor({ timeout: 20_000 });
      await hasPoints(page, "Contrastive", 260);
      await page.getByRole("status").getByText("live").waitFor();
      // The browser itself reports each try that found no server.
      assert.ok(complaints.every((text) => text.includes("ERR_CONNECTION_REFUSED")), complaints.join("\n"));
      complaints.length = 0;
    }),
});

Deno.test({
  name: `dashboard fits 390 and 1280 pixels, dark and light${name}`,
  ignore,
  fn: () =>
    withDashboard(async ({ root, open }) => {
      const folder = screenshots ?? `${root}/screenshots`;
      const looks = [[1280, "light"], [1280, "dark"], [390, "light"], [390, "dark"]] as const;
      const views = [
        "",
        "#/run/r1",
        "#/run/r1/map",
        "#/run/r1/windows",
        "#/run/r1/windows/3004",
        "#/run/r1/data",
      ];
      for (const [width, colorScheme] of looks) {
        const page = await open("", { viewport: { width, height: 860 }, colorScheme });
        for (const [i, view] of views.entries()) {
          await page.evaluate((hash) => void (location.hash = hash), view);
          const settled =
            "document.querySelector('main section') && [...document.images].every((i) => i.complete)";
          await page.waitForTimeout(100);
          await eventually(() => page.evaluate(settled), `${view} is shown`);
          const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
          assert.ok(Number(overflow) <= 0, `${view} is wider than ${width} pixels`);
          await page.screenshot({ path: `${folder}/${width}-${colorScheme}-${i}.png`, fullPage: true });
        }
        const background = await page.evaluate("getComputedStyle(document.body).backgroundColor");
        assert.equal(background, colorScheme === "dark" ? "rgb(13, 19, 22)" : "rgb(245, 247, 248)");
        await page.context().close();
      }
    }),
});
