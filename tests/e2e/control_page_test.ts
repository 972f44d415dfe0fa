/** The pages that start, stop, continue and evaluate runs, in a real browser; the processes are fakes. */

import assert from "node:assert/strict";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { MetricStore } from "../../lib/records/metric_store.ts";
import { type AppOptions, createApp } from "../../routes/app.ts";
import { Control } from "../../routes/control.ts";
import { defaultFeedTimes } from "../../routes/run_feed.ts";
import { buildDashboard } from "../../static/build.ts";
import { violations } from "../helpers/accessibility.ts";
import { findBrowser, launchBrowser } from "../helpers/browser.ts";
import { type FakeProgram, fakeProgram } from "../helpers/fake_program.ts";
import { fakeReport } from "../helpers/fake_report.ts";
import { fakeDataset, type FakeRun, makeFakeRun, startedEvent, stepEvent } from "../helpers/fake_run.ts";

const browserPath = findBrowser();
const name = browserPath === null ? " (ignored: no Chromium on this machine)" : "";
const ignore = browserPath === null;
/** Folder for screenshots; none are kept when it is not given. */
const screenshots = Deno.env.get("SONOSPEECH_SCREENSHOTS");

interface Bench {
  run: FakeRun;
  program: FakeProgram;
  open: (path: string, options?: BrowserContextOptions) => Promise<Page>;
}

/** Pauses a run as its trainer would. */
function pause(run: FakeRun, cause: string, message: string): void {
  const record = { cause, message, step: 240, safeStep: 240, pausedAt: "2026-11-20T10:00:00.000Z" };
  Deno.writeTextFileSync(`${run.folder}/pause.json`, JSON.stringify(record).padEnd(4096));
}

function controlOf(root: string, run: FakeRun, program: FakeProgram): Control {
  for (const path of [run.datasetPath, `${root}/data/fetal`, `${root}/data/heart`]) {
    Deno.mkdirSync(path, { recursive: true });
    Deno.writeTextFileSync(`${path}/dataset.json`, "{}");
  }
  return new Control({
    launch: program.launch,
    runsDirectory: run.runsDirectory,
    data: [`${root}/data`],
    datasetsOfRuns: [run.datasetPath],
    datasetIdOf: () => "0123456789",
  });
}

function opener(browser: Browser, url: string, complaints: string[]): Bench["open"] {
  return async (path, options = {}) => {
    const page = await (await browser.newContext(options)).newPage();
    page.setDefaultTimeout(90_000);
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(`${url}/${path}`);
    return page;
  };
}

async function withPages(
  test: (bench: Bench) => Promise<void>,
  options: Partial<AppOptions> = {},
): Promise<void> {
  const root = await Deno.makeTempDir();
  const ending = new AbortController();
  const complaints: string[] = [];
  const browser = await launchBrowser(browserPath!);
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => app.fetch(request),
  );
  const { port } = server.addr;
  const program = fakeProgram();
  const run = makeFakeRun(root);
  const app = createApp({
    runsDirectory: run.runsDirectory,
    allowedHosts: [`127.0.0.1:${port}`],
    staticDirectory: `${root}/static`,
    openDataset: () => fakeDataset(),
    feedTimes: { ...defaultFeedTimes, poll: 50, heartbeat: 5000 },
    signal: ending.signal,
    mayWrite: true,
    control: controlOf(root, run, program),
    ...options,
  });
  try {
    await buildDashboard(`${root}/static`);
    await test({ run, program, open: opener(browser, `http://127.0.0.1:${port}`, complaints) });
    assert.deepEqual(complaints, []);
  } finally {
    await browser.close();
    ending.abort();
    await server.shutdown();
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test({
  name: `dashboard starts a run from a form that says what is wrong, and asks once more${name}`,
  ignore,
  fn: () =>
    withPages(async ({ run, program, open }) => {
      const page = await open("");
      await page.getByRole("link", { name: "New run" }).click();
      await page.getByLabel("Name").fill("r1");
      await page.getByLabel("Learning rate").fill("-1");
      await page.getByLabel("Other settings").fill("losses.orderWeight=0\nloses.orderWeight=0");
      await page.getByRole("button", { name: "Start…" }).click();
      await page.getByText("There is something of this name already.").waitFor();
      await page.getByText("optimizer.learningRate must be >0, received -1").waitFor();
      await page.getByText(/loses\.orderWeight=0: every key must be known, the nearest/).waitFor();
      const rate = page.getByLabel("Learning rate");
      assert.equal(await rate.getAttribute("aria-invalid"), "true");
      assert.equal(await page.getByLabel("Epochs").getAttribute("aria-invalid"), "false");
      assert.deepEqual(await violations(page), [], "a form with problems");

      // The address holds the form: another page shows the same.
      const address = new URL(page.url()).hash;
      const other = await open(address);
      assert.equal(await other.getByLabel("Learning rate").inputValue(), "-1");
      await other.context().close();

      await page.getByLabel("Name").fill("new");
      await rate.fill("0.01");
      await page.getByLabel("Other settings").fill("losses.orderWeight=0");
      await page.getByLabel("Dataset").selectOption("heart");
      await rate.press("Enter");
      await page.getByRole("heading", { name: "Start new?" }).waitFor();
      assert.deepEqual(await violations(page), [], "the question");
      assert.equal(program.processes.length, 0, "nothing is started before it is confirmed");
      await page.keyboard.press("Escape");
      await page.getByRole("heading", { name: "Start new?" }).waitFor({ state: "detached" });
      await page.getByRole("button", { name: "Start…" }).click();
      await page.getByRole("button", { name: "Start the run" }).click();
      // The run's page waits for its folder without asking for what is not there.
      await page.waitForURL(({ hash }) => hash === "#/run/new/training");
      await page.getByText("Starting: the data and the settings are looked at first.").waitFor();
      assert.deepEqual(program.processes[0].words.slice(4), [
        ...["--device", "auto", "--set", "preset=tiny", "--set", "optimizer.learningRate=0.01"],
        ...["--set", "losses.orderWeight=0"],
      ]);
      const said = page.getByRole("log", { name: "What the trainer says" });
      program.processes[0].say("certify 12/40 scans\n");
      await said.getByText("certify 12/40 scans").waitFor();
      assert.deepEqual(await violations(page), [], "a run that is being made");
      await page.reload();
      await said.getByText("certify 12/40 scans").waitFor();
      program.processes[0].say("Cannot start a long training: a gate must be passed\n");
      program.processes[0].end(3);
      await page.getByText("Training ended before there was a run. Cannot start a long training").waitFor();
      await page.getByRole("link", { name: "New run" }).click();
      await page.getByText("training ended. Cannot start a long training: a gate must be passed").waitFor();
      await page.getByRole("cell", { name: "train ended with exit code 3" }).waitFor();

      // Once more: this time the run comes to be, and its first event takes the place of the log.
      await page.getByLabel("Name").fill("newer");
      await page.getByRole("button", { name: "Start…" }).click();
      await page.getByRole("button", { name: "Start the run" }).click();
      await page.getByText("Starting: the data and the settings are looked at first.").waitFor();
      program.processes[1].say("measure the device\n");
      const made = { config: "{}", run: JSON.stringify({ createdAt: "2026-11-20T10:00:00.000Z" }) };
      const folder = `${run.runsDirectory}/newer`;
      Deno.mkdirSync(folder);
      for (const [file, text] of Object.entries(made)) Deno.writeTextFileSync(`${folder}/${file}.json`, text);
      await page.getByText("Starting: no step was made yet.").waitFor();
      await said.getByText("measure the device").waitFor();
      using store = MetricStore.create(`${folder}/metrics.sqlite`);
      store.append(startedEvent());
      store.append(stepEvent(1));
      store.flush();
      await page.getByText("Step 1 of 400").waitFor();
      await said.waitFor({ state: "detached" });
    }),
});

Deno.test({
  name: `dashboard shows why a run paused, continues, stops and evaluates it, by keyboard alone${name}`,
  ignore,
  fn: () =>
    withPages(async ({ run, program, open }) => {
      pause(run, "disk full", "There is no room left on the disk");
      const page = await open("");
      await page.getByText("Paused: disk full").waitFor();
      await page.getByRole("link", { name: "r1" }).click();
      await page.getByText("Safe at step 240. Make room on the disk of the runs, then continue.").waitFor();
      // A run that stands still is not called live.
      await page.locator(".connection").waitFor({ state: "detached" });
      assert.deepEqual(await violations(page), [], "a paused run");
      const control = page.getByRole("group", { name: "Control of the run" });
      await control.getByRole("button", { name: "Continue…" }).press("Enter");
      await page.getByText("Training goes on from its checkpoint at step 240.").waitFor();
      await page.locator("button:focus", { hasText: "Continue the run" }).waitFor();
      await page.keyboard.press("Enter");
      await control.getByRole("button", { name: "Stop…" }).waitFor();
      assert.deepEqual(program.processes[0].words.slice(-2), ["--device", "wasm"]);
      program.processes[0].say("train 250/400 steps\n");
      await control.getByText("train 250/400 steps").waitFor();
      await control.getByRole("button", { name: "Stop…" }).press("Enter");
      await page.locator("dialog button:focus").waitFor();
      await page.keyboard.press("Enter");
      await control.getByRole("button", { name: "Evaluate…" }).waitFor();
      assert.deepEqual(program.processes[0].signals, ["SIGTERM"]);

      await control.getByRole("button", { name: "Evaluate…" }).press("Enter");
      await page.getByLabel("Subjects").selectOption("test");
      await page.getByText("has no test subjects left").waitFor();
      await page.getByRole("button", { name: "Evaluate the run" }).press("Enter");
      await control.getByRole("button", { name: "Stop evaluating…" }).waitFor();
      program.processes[1].say("Cannot evaluate: the run must have a certificate\n");
      program.processes[1].end(3);
      await control.getByText("The evaluation failed: Cannot evaluate: the run must have").waitFor();
      await control.getByRole("button", { name: "Evaluate…" }).press("Enter");
      await page.getByRole("button", { name: "Evaluate the run" }).press("Enter");
      await control.getByRole("button", { name: "Stop evaluating…" }).waitFor();
      program.processes[2].end(0);
      await control.getByText("The evaluation is done: see the results.").waitFor();
      assert.equal(await control.getByRole("link", { name: "results" }).getAttribute("href"), "#/results");

      await page.getByRole("link", { name: "New run like this" }).click();
      await page.getByLabel("Learning rate").waitFor();
      await page.waitForURL(({ hash }) => !hash.includes("from="));
      assert.equal(await page.getByLabel("Windows in a batch").inputValue(), "16");
      assert.match(await page.getByLabel("Other settings").inputValue(), /model\.frameSize=\[64,64\]/);
    }),
});

Deno.test({
  name: `dashboard hears live that a run paused, and why${name}`,
  ignore,
  fn: () =>
    withPages(async ({ run, open }) => {
      using lock = await Deno.open(`${run.folder}/lock`, { create: true, read: true, write: true });
      await lock.lock(true);
      const page = await open("#/run/r1");
      await page.locator(".pill", { hasText: "Running" }).waitFor();
      assert.equal(await page.getByText("Paused:").count(), 0);
      pause(run, "device lost", "The graphics device was lost");
      await page.getByText("Safe at step 240.").waitFor();
      await page.locator(".pill", { hasText: "Paused: device lost" }).waitFor();
      await page.getByRole("button", { name: "Continue…" }).waitFor();
    }),
});

function writeReport(run: FakeRun): void {
  Deno.mkdirSync(`${run.runsDirectory}/comparison`);
  Deno.writeTextFileSync(`${run.runsDirectory}/comparison/report.json`, JSON.stringify(fakeReport()));
}

Deno.test({
  name: `dashboard shows comparisons, their reports and the evaluations of runs${name}`,
  ignore,
  fn: () =>
    withPages(async ({ run, open }) => {
      writeReport(run);
      const page = await open("");
      await page.getByRole("link", { name: "Results" }).click();
      await page.getByText(/^Of \d+\sorderings of the paper/).waitFor();
      await page.getByLabel("Metric").selectOption("retrieval.videoToSpeech.recallAt5");
      await page.getByRole("cell", { name: /^\d+ % to \d+ %$/ }).waitFor();
      await page.waitForURL(({ hash }) => hash.includes("recallAt5"));
      const opened = page.context().waitForEvent("page");
      await page.getByRole("link", { name: "Open the report of comparison in a new tab" }).click();
      const report = await opened;
      await report.getByRole("region", { name: /Confusion matrix/ }).first().waitFor();
      assert.equal(await report.evaluate("opener"), null);
      const alignment = await report.evaluate(
        "getComputedStyle(document.querySelector('table.confusion td')).textAlign",
      );
      assert.equal(alignment, "center", "its style is let through");
    }),
});

Deno.test({
  name: `dashboard offers nothing to start where it may not${name}`,
  ignore,
  fn: () =>
    withPages(async ({ run, open }) => {
      pause(run, "stopped", "Stopped by SIGTERM");
      const page = await open("");
      await page.getByText("Paused: stopped").waitFor();
      assert.equal(await page.getByRole("link", { name: "New run" }).count(), 0);
      await page.getByRole("link", { name: "r1" }).click();
      await page.getByText("Safe at step 240.").waitFor();
      assert.equal(await page.getByRole("button", { name: "Continue…" }).count(), 0);
      await page.goto(`${page.url().split("#")[0]}#/start`);
      await page.getByText("This dashboard starts nothing.").waitFor();
    }, { control: undefined }),
});

Deno.test({
  name: `dashboard's form and controls fit 390 and 1280 pixels, dark and light${name}`,
  ignore,
  fn: () =>
    withPages(async ({ run, open }) => {
      pause(run, "not finite", "Cannot make step 241: the objective and the gradients must be finite");
      writeReport(run);
      for (
        const [width, colorScheme] of [[1280, "light"], [390, "dark"], [1280, "dark"], [
          390,
          "light",
        ]] as const
      ) {
        for (
          const [view, shown] of [["results", "Evaluations of runs"], ["start", "Other settings"], [
            "run/r1/settings",
            "Paused: not finite.",
          ]]
        ) {
          const page = await open(`#/${view}`, { viewport: { width, height: 900 }, colorScheme });
          await page.getByText(shown).first().waitFor();
          const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
          assert.ok(Number(overflow) <= 0, `${view} is wider than ${width} pixels`);
          for (const label of view === "results" ? ["Value", "95 % interval", "Chance"] : []) {
            const box = await page.locator(`td[data-label="${label}"]`).first().boundingBox();
            assert.ok(box && box.x >= 0 && box.x + box.width <= width, `${label} is seen at ${width} pixels`);
          }
          // Contrast depends on the scheme, layout on the width: two of the four looks have both.
          const isChecked = (width === 1280) === (colorScheme === "light");
          if (isChecked) assert.deepEqual(await violations(page), [], `${view} at ${width} ${colorScheme}`);
          if (screenshots) {
            const path = `${screenshots}/control-${view.replaceAll("/", "-")}-${width}-${colorScheme}.png`;
            await page.screenshot({ path, fullPage: true });
          }
          await page.context().close();
        }
      }
    }),
});
