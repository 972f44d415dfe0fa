/** A tab that stays open for a week, in a real browser: what it holds on to must not grow. */

import assert from "node:assert/strict";
import type { CDPSession, Page } from "playwright-core";
import { MetricStore } from "../../lib/records/metric_store.ts";
import { defaultFeedTimes } from "../../routes/run_feed.ts";
import { type Bench, eventually, ignore, name, withDashboard } from "../helpers/dashboard_bench.ts";
import { makeFakeRun, stepEvent } from "../helpers/fake_run.ts";

/** A step every minute, for a week. */
const weekOfSteps = 7 * 24 * 60;
const rounds = 7;
/** In these, caches and compilers still fill up. */
const warmUp = 2;
/** What one event takes in memory is more than half a kilobyte: a hundredth of the week's would be seen. */
const allowedHeapGrowth = 1.5 * 2 ** 20;
const allowedNodeGrowth = 100;
const allowedListenerGrowth = 10;

/** What a page holds on to after the garbage is collected. */
interface Held {
  heapBytes: number;
  nodes: number;
  listeners: number;
}

async function heldBy(session: CDPSession): Promise<Held> {
  await session.send("HeapProfiler.collectGarbage");
  const { metrics } = await session.send("Performance.getMetrics") as {
    metrics: { name: string; value: number }[];
  };
  const value = (name: string) => metrics.find((metric) => metric.name === name)!.value;
  return { heapBytes: value("JSHeapUsedSize"), nodes: value("Nodes"), listeners: value("JSEventListeners") };
}

/** The same, once the page has drawn all that it will. */
async function restingHeldBy(session: CDPSession): Promise<Held> {
  let last = await heldBy(session);
  await eventually(async () => {
    await new Promise((resolve) => setTimeout(resolve, 400));
    const next = await heldBy(session);
    const isSame = next.nodes === last.nodes && next.listeners === last.listeners;
    last = next;
    return isSame;
  }, "the page has come to rest");
  return last;
}

/** Time on the page goes a hundred times as fast: what asks every few seconds asks as often as in hours. */
const hurry = `
  for (const name of ["setTimeout", "setInterval"]) {
    const real = globalThis[name];
    globalThis[name] = (action, after = 0, ...rest) => real(action, after > 300 ? after / 100 : after, ...rest);
  }
`;

/** Lets the run go on, and waits until the page has shown the last step. */
async function train(page: Page, writer: MetricStore, from: number, steps: number): Promise<void> {
  const to = from + steps;
  for (let step = from + 1; step <= to; step++) writer.append(stepEvent(step));
  writer.flush();
  await page.getByText(`Step ${new Intl.NumberFormat("en").format(to)} of 400`).waitFor();
}

/** What a person looks at in between. */
async function lookAround(page: Page): Promise<void> {
  const visits: [hash: string, sign: string][] = [
    ["#/", "main table"],
    ["#/compare?runs=r1&runs=second", "figure.chart canvas"],
    ["#/run/r1/map", "canvas.map[data-drawn-with]"],
    ["#/run/r1/pace", "main svg"],
    ["#/run/r1/windows", "main img"],
    ["#/run/r1/data", "main table"],
    ["#/results", "main h1"],
    ["#/run/r1/training", "figure.chart canvas"],
  ];
  for (const [hash, sign] of visits) {
    await page.evaluate((to) => void (location.hash = to), hash);
    await page.locator(sign).first().waitFor();
    await page.waitForTimeout(100);
  }
}

/** Longer series are thinned out by the server: what a page holds is compared where series are short. */
async function trainUntilThin(page: Page, writer: MetricStore, from: number): Promise<number> {
  const points = async () =>
    Number(await page.locator("figure.chart[data-points]").first().getAttribute("data-points"));
  let step = from;
  await eventually(async () => {
    if (await points() < 2400) return true;
    await train(page, writer, step, 600);
    step += 600;
    return false;
  }, "the series is thinned out");
  return step;
}

async function week({ root, run, open }: Bench): Promise<Held[]> {
  makeFakeRun(root, { name: "second", steps: 60, lift: 0.5, hasPace: false });
  const page = await open("#/run/r1/training", { initScript: hurry });
  await page.getByText("Step 240 of 400").waitFor();
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  using writer = MetricStore.open(`${run.folder}/metrics.sqlite`);
  const held: Held[] = [];
  let step = 240;
  for (let round = 0; round < rounds; round++) {
    for (const until = (weekOfSteps * (round + 1)) / rounds; step < until; step += 480) {
      await train(page, writer, step, 480);
    }
    step = await trainUntilThin(page, writer, step);
    await lookAround(page);
    held.push(await restingHeldBy(session));
    const { heapBytes, nodes, listeners } = held.at(-1)!;
    console.log(
      `  step ${step}: ${(heapBytes / 2 ** 20).toFixed(2)} MiB, ${nodes} nodes, ${listeners} listeners`,
    );
  }
  return held;
}

Deno.test({
  name: `a tab that is open for a week keeps flat memory${name}`,
  ignore,
  fn: () =>
    withDashboard(async (bench) => {
      const held = (await week(bench)).slice(warmUp);
      // The least of the later ones beside the least of the earlier ones: what has not been collected yet passes.
      const half = held.length >> 1;
      const least = (of: (held: Held) => number, part: Held[]) => Math.min(...part.map(of));
      const growth = (of: (held: Held) => number) =>
        least(of, held.slice(half)) - least(of, held.slice(0, half));
      assert.ok(growth(({ heapBytes }) => heapBytes) <= allowedHeapGrowth, "the heap stays flat");
      assert.ok(growth(({ nodes }) => nodes) <= allowedNodeGrowth, "nodes stay as many");
      assert.ok(growth(({ listeners }) => listeners) <= allowedListenerGrowth, "listeners stay as many");
    }, { feedTimes: { ...defaultFeedTimes, poll: 20, heartbeat: 100 } }),
});
