/** What every page owes its users, in a real browser: no other host, no mouse, no WebGL, no motion, no reload. */

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { MetricStore } from "../../lib/records/metric_store.ts";
import { eventually, ignore, name, serve, withDashboard } from "../helpers/dashboard_bench.ts";
import { makeFakeRun, stepEvent } from "../helpers/fake_run.ts";

/** Every view, with something that is there once it is shown. */
const views: [hash: string, sign: string][] = [
  ["#/", "main table"],
  ["#/run/r1/training", "figure.chart canvas"],
  ["#/run/r1/map", "canvas.map[data-drawn-with]"],
  ["#/run/r1/pace", "main svg"],
  ["#/run/r1/windows", "main img"],
  ["#/run/r1/windows/3004", "main img"],
  ["#/run/r1/find", "main section"],
  ["#/run/r1/data", "main table"],
  ["#/run/r1/settings", "main table"],
  ["#/compare?runs=r1&runs=second", "figure.chart canvas"],
  ["#/results", "main h1"],
];

async function tour(page: Page, look: (hash: string) => Promise<void> = () => Promise.resolve()) {
  for (const [hash, sign] of views) {
    await page.evaluate((to) => void (location.hash = to), hash);
    await page.locator(sign).first().waitFor();
    await look(hash);
  }
}

Deno.test({
  name: `every view is shown without any other host being asked for${name}`,
  ignore,
  fn: () =>
    withDashboard(async ({ root, open, served }) => {
      makeFakeRun(root, { name: "second", steps: 60, hasPace: false });
      const page = await open("");
      const asked: string[] = [];
      page.on("request", (request) => asked.push(request.url()));
      await tour(page);
      assert.ok(asked.length > 30, `${asked.length} requests`);
      assert.deepEqual(asked.filter((url) => !url.startsWith(`${served.url}/`)), []);
      // The browser itself can reach nobody else, so what was shown came from here.
      const other = await page.context().newPage();
      await assert.rejects(other.goto("http://example.org/"), /ERR_NAME_NOT_RESOLVED/);
    }),
});

Deno.test({
  name: `the list of runs says that the server is away, and goes on by itself when it is back${name}`,
  ignore,
  fn: () =>
    withDashboard(async (bench) => {
      const { root, run, open, complaints } = bench;
      const page = await open("");
      await page.getByRole("link", { name: "r1" }).waitFor();
      await page.evaluate("globalThis.isSamePage = true");
      await bench.served.close();
      await page.getByText("The server cannot be reached.").waitFor();
      assert.ok(await page.getByRole("link", { name: "r1" }).isVisible(), "what was known stays");
      makeFakeRun(root, { name: "second", steps: 60, hasPace: false });
      bench.served = serve(root, run, Number(new URL(bench.served.url).port));
      await page.getByRole("link", { name: "second" }).waitFor();
      await page.getByText("The server cannot be reached.").waitFor({ state: "detached" });
      assert.equal(await page.evaluate("globalThis.isSamePage"), true, "nothing was loaded anew");
      // The browser itself reports each try that found no server.
      assert.ok(complaints.every((text) => text.includes("ERR_CONNECTION_REFUSED")), complaints.join("\n"));
      complaints.length = 0;
    }),
});

/** The value at each step of a run's line, as the page's CSV has it: all of it is one sequence, or something is amiss. */
async function stepsOf(page: Page): Promise<number[]> {
  const csv = await page.evaluate("fetch('api/runs/r1/series.csv?name=loss.total').then((r) => r.text())");
  return String(csv).trimEnd().split("\r\n").slice(1).map((line) => Number(line.split(",")[0]));
}

Deno.test({
  name: `a run's page misses and repeats nothing over three restarts of the server${name}`,
  ignore,
  fn: () =>
    withDashboard(async (bench) => {
      const { root, run, open, complaints } = bench;
      const page = await open("#/run/r1/training");
      await page.getByRole("status").getByText("live").waitFor();
      using writer = MetricStore.open(`${run.folder}/metrics.sqlite`);
      for (let step = 241, round = 0; round < 3; round++) {
        await bench.served.close();
        await page.getByText("reconnecting…").waitFor();
        for (const end = step + 10; step < end; step++) writer.append(stepEvent(step));
        writer.flush();
        bench.served = serve(root, run, Number(new URL(bench.served.url).port));
        await page.getByRole("status").getByText("live").waitFor();
        for (const end = step + 10; step < end; step++) writer.append(stepEvent(step));
        writer.flush();
        await page.getByText(`Step ${step - 1} of 400`).waitFor();
      }
      const chart = page.locator("figure.chart", {
        has: page.getByRole("heading", { name: "Total", exact: true }),
      });
      await eventually(async () => await chart.getAttribute("data-points") === "300", "300 points are shown");
      assert.deepEqual(await stepsOf(page), Array.from({ length: 300 }, (_, i) => i + 1));
      assert.ok(complaints.every((text) => text.includes("ERR_CONNECTION_REFUSED")), complaints.join("\n"));
      complaints.length = 0;
    }),
});

Deno.test({
  name: `the map is drawn on a plain canvas where there is no WebGL, says so, and can be worked with${name}`,
  ignore,
  fn: () =>
    withDashboard(
      async ({ open }) => {
        const page = await open("#/run/r1/map?draw=webgl");
        assert.equal(await page.evaluate("document.createElement('canvas').getContext('webgl2')"), null);
        await page.locator("canvas.map[data-drawn-with=canvas]").waitFor();
        await page.getByText("Drawn on a plain canvas, for this browser has no WebGL").waitFor();
        await page.locator("canvas.map").focus();
        await page.keyboard.press("ArrowRight");
        await page.getByText("Window 3000 of scan scan3").waitFor();
        await page.keyboard.press("v");
        await page.getByRole("heading", { name: "60 windows chosen" }).waitFor();
        assert.equal(await page.locator(".note.warning", { hasText: "WebGL" }).count(), 0, "no warning");
      },
      {},
      ["--disable-3d-apis"],
    ),
});

const withWebgl = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"];

/** Takes WebGL away from the page's map, as a reset of the adapter does. */
function loseContext(element: unknown): void {
  const canvas = element as {
    getContext(kind: "webgl2"): { getExtension(name: string): { loseContext(): void } };
  };
  canvas.getContext("webgl2").getExtension("WEBGL_lose_context").loseContext();
}

Deno.test({
  name: `the map goes on on a plain canvas when WebGL is lost${name}`,
  ignore,
  fn: () =>
    withDashboard(
      async ({ open }) => {
        const page = await open("#/run/r1/map?draw=webgl");
        await page.locator("canvas.map[data-drawn-with=webgl]").evaluate(loseContext);
        await page.locator("canvas.map[data-drawn-with=canvas]").waitFor();
        await page.getByText("Drawn on a plain canvas").waitFor();
        await page.locator("canvas.map").focus();
        await page.keyboard.press("ArrowRight");
        await page.getByText("Window 3000 of scan scan3").waitFor();
      },
      {},
      withWebgl,
    ),
});

/** Counts rules in force that move something: those of pseudo-elements show in no element's computed style. */
const movingRules = `(() => {
  const inForce = (rules) => [...rules].flatMap((rule) => !(rule instanceof CSSMediaRule)
    ? [rule]
    : matchMedia(rule.conditionText).matches ? inForce(rule.cssRules) : []);
  return [...document.styleSheets].flatMap((sheet) => inForce(sheet.cssRules)).filter(({ style }) => style &&
    (/[1-9]/.test(style.transitionDuration) || /[1-9]/.test(style.animationDuration) ||
      style.scrollBehavior === "smooth")).length;
})()`;

/** Counts elements that move, or would. */
const movingElements =
  `document.getAnimations().length + [...document.querySelectorAll("*")].filter((element) => {
  const { transitionDuration, animationName, scrollBehavior } = getComputedStyle(element);
  return /[1-9]/.test(transitionDuration) || animationName !== "none" || scrollBehavior === "smooth";
}).length`;

/** What moves by itself: rules in force, and points on their way to another evaluation. */
async function motionOf(page: Page): Promise<{ rules: number; travels: number }> {
  await page.evaluate("location.hash = '#/run/r1/map'");
  await page.locator("canvas.map[data-drawn-with]:not([aria-busy])").waitFor();
  await page.getByText("60 windows, validation, step 240.").waitFor();
  await page.evaluate(`
    globalThis.travels = 0;
    new MutationObserver((all) => travels += all.length).observe(
      document.querySelector("canvas.map"), { attributeFilter: ["aria-busy"] });
  `);
  await page.getByRole("slider", { name: "Evaluation" }).press("Home");
  await page.getByText("60 windows, validation, step 40.").waitFor();
  await page.locator("canvas.map:not([aria-busy])").waitFor();
  return {
    rules: Number(await page.evaluate(movingRules)),
    travels: Number(await page.evaluate("travels")),
  };
}

Deno.test({
  name: `nothing moves by itself where motion is to be reduced${name}`,
  ignore,
  fn: () =>
    withDashboard(async ({ root, open }) => {
      makeFakeRun(root, { name: "second", steps: 60, hasPace: false });
      const still = await open("", { reducedMotion: "reduce" });
      await tour(still, async (hash) => {
        assert.equal(await still.evaluate(movingElements), 0, hash);
      });
      assert.deepEqual(await motionOf(still), { rules: 0, travels: 0 });
      const { rules, travels } = await motionOf(await open("", { reducedMotion: "no-preference" }));
      assert.ok(rules > 0 && travels > 0, `the check sees what moves: ${rules} rules, ${travels} travels`);
    }),
});
