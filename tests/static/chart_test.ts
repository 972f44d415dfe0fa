import assert from "node:assert/strict";
import fc from "fast-check";
import type { SeriesWire } from "../../routes/wire/runs.ts";
import { percentTicks, ticksOf, tickText, valueTicks } from "../../static/app/charts/axis_text.ts";
import { drawingOf, type Line, smoothed, tracksOf } from "../../static/app/charts/chart_data.ts";
import { chartSvg, escaped } from "../../static/app/charts/chart_svg.ts";
import {
  type ChartView,
  chartViewOf,
  panRange,
  placesAcross,
  rangeQuery,
  stepsWithin,
  zoomRange,
} from "../../static/app/charts/chart_view.ts";
import { valueAt } from "../../static/app/charts/line_values.ts";

const clock = { stepsPerEpoch: 20, startSeconds: 1000 };
const plain: ChartView = { x: "step", logX: false, logY: false, smoothing: 0, range: null };

function wire(values: (number | null)[], more: Partial<SeriesWire> = {}): SeriesWire {
  const steps = values.map((_, i) => 10 * i);
  return { steps, values, seconds: steps.map((s) => 1000 + s / 5), gaps: [], rhythm: 10, ...more };
}

const lineOf = (series: SeriesWire, more: Partial<Line> = {}): Line => ({
  label: "a",
  series,
  colour: 1,
  clock,
  ...more,
});

Deno.test("chartViewOf() reads what rangeQuery() and the controls write, and ignores nonsense", () => {
  const query = new URLSearchParams({ x: "wall", logy: "1", smooth: "4", ...rangeQuery([0.5, 1.25e9]) });
  assert.deepEqual(chartViewOf(query), {
    x: "wall",
    logX: false,
    logY: true,
    smoothing: 16,
    range: [0.5, 1.25e9],
  });
  const nonsense = new URLSearchParams("x=__proto__&smooth=x&from=5&to=2&logx=yes");
  assert.deepEqual(chartViewOf(nonsense), { ...plain, smoothing: 8 });
  assert.equal(chartViewOf(new URLSearchParams("smooth=0")).smoothing, 0);
});

Deno.test("placesAcross() counts steps, epochs, the time of day and the time since the start", () => {
  const series = wire([1, 2, 3]);
  assert.deepEqual(placesAcross(series, "step", clock), [0, 10, 20]);
  assert.deepEqual(placesAcross(series, "epoch", clock), [0, 0.5, 1]);
  assert.deepEqual(placesAcross(series, "wall", clock), [1000, 1002, 1004]);
  assert.deepEqual(placesAcross(series, "relative", clock), [0, 2, 4]);
  const together = placesAcross(wire([1, 2, 3], { seconds: [5, 5, 5] }), "wall", clock);
  assert.ok(together[0] < together[1] && together[1] < together[2], "one place holds one value");
  const unknown = placesAcross(series, "epoch", { stepsPerEpoch: null, startSeconds: null });
  assert.ok(unknown.every(Number.isNaN));
});

Deno.test("stepsWithin() finds measured steps around a stretch of any axis", () => {
  const from = { series: wire([1, 2, 3, 4, 5]), clock };
  assert.deepEqual(stepsWithin([12, 18], "step", from), [10, 20]);
  assert.deepEqual(stepsWithin([0.6, 0.9], "epoch", from), [10, 20]);
  assert.deepEqual(stepsWithin([-5, 99], "relative", from), [0, 40]);
});

Deno.test("zoomRange() and panRange() stay inside the whole and keep what they must", () => {
  const whole: [number, number] = [1, 1000];
  const edge = fc.double({ min: 1, max: 1000, noNaN: true });
  fc.assert(
    fc.property(
      edge,
      edge,
      fc.double({ min: -2, max: 2, noNaN: true }),
      fc.boolean(),
      (a, b, share, isLog) => {
        fc.pre(Math.abs(a - b) > 1);
        const range: [number, number] = [Math.min(a, b), Math.max(a, b)];
        for (
          const next of [
            panRange(range, { whole, share, isLog }),
            zoomRange(range, { whole, factor: 2 ** share, isLog }),
          ]
        ) {
          if (next) assert.ok(next[0] >= 1 && next[1] <= 1000 && next[0] < next[1]);
        }
        const moved = panRange(range, { whole, share, isLog });
        const length = ([low, high]: [number, number]) => isLog ? Math.log(high / low) : high - low;
        if (moved) {
          assert.ok(
            Math.abs(length(moved) - length(range)) < 1e-6 * length(whole),
            "moving does not zoom",
          );
        }
      },
    ),
  );
  assert.deepEqual(zoomRange([10, 20], { whole, factor: 0.5, isLog: false }), [12.5, 17.5]);
  assert.equal(zoomRange([10, 20], { whole, factor: 1000, isLog: false }), null);
  const [low, high] = zoomRange([10, 1000], { whole, factor: 0.5, around: 100, isLog: true })!;
  assert.ok(Math.abs(low - 10 ** 1.5) < 1e-9 && Math.abs(high - 10 ** 2.5) < 1e-9);
});

Deno.test("smoothed() is the debiased exponential average, keeps missing values and forgets over gaps", () => {
  const values = [4, null, 2, 8, 6];
  const keep = Math.exp(-1 / 5);
  let sum = 0, weight = 0;
  const expected = values.map((value) => {
    [sum, weight] = [keep * sum, keep * weight];
    if (value === null) return null;
    [sum, weight] = [sum + value, weight + 1];
    return sum / weight;
  });
  smoothed(wire(values), 5).forEach((value, i) => {
    if (expected[i] === null) assert.equal(value, null);
    else assert.ok(Math.abs(value! - expected[i]!) < 1e-12);
  });
  const far = wire([0, 100], { steps: [0, 10_000] });
  assert.ok(smoothed(far, 5)[1]! > 99.9, "what lies a thousand measurements back counts for nothing");
  assert.deepEqual(smoothed(wire([3, 3, 3]), 100).map((v) => Math.round(v! * 1e9) / 1e9), [3, 3, 3]);
});

Deno.test("smoothed() of a thinned series follows its means, not its spikes", () => {
  const spiky = wire([1, 100, 1, 100], { steps: [0, 500, 1000, 1500], means: [1, 1.1, 1.1, 1.1] });
  assert.ok(smoothed(spiky, 64).every((value) => value! < 1.2));
});

Deno.test("tracksOf() shows gaps as gaps, marks what is not finite, and tells what a logarithm cannot show", () => {
  const line = lineOf(wire([5, null, 0, -1, 3], { gaps: [4] }), { chance: 2, smooth: true });
  const { tracks, marks } = tracksOf(line, plain);
  assert.deepEqual(tracks.map(({ stroke }) => stroke.kind), ["line", "chance"]);
  assert.deepEqual(tracks[0], {
    stroke: { colour: 1, dash: 0, kind: "line" },
    x: [0, 10, 20, 30, 35, 40],
    y: [5, null, 0, -1, null, 3],
  });
  assert.deepEqual(marks, [{ x: 10, colour: 1 }]);
  const log = tracksOf(line, { ...plain, logX: true, logY: true });
  assert.deepEqual(log.tracks[0].x, [10, 20, 30, 35, 40]);
  assert.deepEqual(log.tracks[0].y, [null, null, null, null, 3]);
  assert.equal(log.unshown, 3, "step 0, 0 and -1");
  const smooth = tracksOf(line, { ...plain, smoothing: 4 });
  assert.deepEqual(smooth.tracks.map(({ stroke }) => stroke.kind), ["faint", "line", "chance"]);
});

Deno.test("drawingOf() lays series of different steps side by side and fills intervals", () => {
  const sparse = lineOf(wire([1, 2], { steps: [0, 30] }), {
    label: "b",
    colour: 2,
    interval: { low: [0, 1], high: [2, 3] },
  });
  const drawing = drawingOf([lineOf(wire([1, 2, 3])), sparse], plain);
  assert.deepEqual(drawing.data[0], [0, 10, 20, 30]);
  assert.deepEqual(drawing.data[1].slice(0, 3), [1, 2, 3]);
  assert.deepEqual(drawing.bands, [{ high: 2, low: 3, colour: 2 }]);
  assert.deepEqual(drawing.strokes.map(({ kind }) => kind), ["line", "edge", "edge", "line"]);
  assert.deepEqual(drawingOf([], plain).data, [[]]);
});

Deno.test("valueAt() answers the newest value up to a place, and says where it was measured", () => {
  const line = lineOf(wire([1, null, 3]), { interval: { low: [0, 0, 2], high: [2, 2, 4] } });
  assert.equal(valueAt(line, -1, plain), null);
  assert.deepEqual(valueAt(line, 10, plain), { value: null, step: 10, isHere: true, interval: [0, 2] });
  assert.deepEqual(valueAt(line, 25, plain), { value: 3, step: 20, isHere: false, interval: [2, 4] });
});

Deno.test("valueTicks() has as many digits as tell its ticks apart, and no more", () => {
  const linear = (values: number[]) => valueTicks(values, false);
  assert.deepEqual(linear([0.0996, 0.0998, 0.1, 0.1002]), ["0.0996", "0.0998", "0.1000", "0.1002"]);
  assert.deepEqual(linear([0, 0.5, 1]), ["0", "0.5", "1.0"]);
  assert.deepEqual(linear([0, 20, 40]), ["0", "20", "40"]);
  assert.deepEqual(linear([12.25, 12.5]), ["12.25", "12.50"]);
  assert.deepEqual(linear([-1e-4, 0, 1e-4]), ["-1e-4", "0", "1e-4"]);
  assert.deepEqual(linear([1e6, 1.05e6]), ["1.00e6", "1.05e6"]);
  assert.deepEqual(linear([0.1 + 0.2]), ["0.3"]);
  assert.deepEqual(linear([-0.1, -1e-17, 0.1]), ["-0.1", "0", "0.1"]);
  assert.deepEqual([linear([]), linear([0])], [[], ["0"]]);
  assert.deepEqual(valueTicks([1e-3, 0.01, 1, 100], true), ["1e-3", "0.01", "1", "100"]);
  assert.deepEqual(percentTicks([0.005, 0.0075], false), ["0.50 %", "0.75 %"]);
  // Whatever the axis, no two ticks read alike.
  fc.assert(fc.property(
    fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
    (low, span) => {
      const ticks = ticksOf([low, low + span], false);
      assert.equal(new Set(linear(ticks)).size, ticks.length, `${linear(ticks)}`);
    },
  ));
});

Deno.test("tickText() names no place before the start and none between steps, as beside a single point", () => {
  const ticks = [-1, -0.5, 0, 0.5, 1];
  assert.deepEqual(ticks.map((x) => tickText(x, "step", 2)), ["", "", "0", "", "1"]);
  assert.deepEqual(ticks.map((x) => tickText(x, "epoch", 2)), ["", "", "0", "0.5", "1"]);
});

Deno.test("ticksOf() gives a few round places inside any range", () => {
  assert.deepEqual(ticksOf([0, 10], false), [0, 2, 4, 6, 8, 10]);
  assert.deepEqual(ticksOf([1, 100], true), [1, 2, 5, 10, 20, 50, 100]);
  assert.deepEqual(ticksOf([1.2, 1.9], true), [1.2, 1.4, 1.6, 1.8]);
  const bound = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
  fc.assert(fc.property(bound, bound, fc.boolean(), (a, b, isLog) => {
    const [low, high] = [Math.min(a, b), Math.max(a, b)];
    fc.pre(high - low > 1e-6 * high);
    const ticks = ticksOf([low, high], isLog);
    assert.ok(ticks.length >= 2 && ticks.length <= 13, `${ticks}`);
    assert.ok(
      ticks.every((tick, i) =>
        tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9) && !(tick <= ticks[i - 1])
      ),
    );
  }));
});

Deno.test("chartSvg() draws lines with their breaks and escapes every text", () => {
  const evil = `<img src=x onerror="alert(1)">&\u0000\ud800`;
  const svg = chartSvg({
    title: evil,
    lines: [
      lineOf(wire([1, null, 3, 2]), {
        label: evil,
        dash: 1,
        interval: { low: [0, 0, 1, 1], high: [2, 2, 4, 4] },
      }),
    ],
    view: plain,
    x: [0, 30],
    y: [0, 5],
    xTick: String,
    yTicks: (values) => values.map(String),
    xName: "step",
    colours: { background: "#fff", text: "#000", muted: "#666", grid: "#eee", lines: ["#0a0"] },
    dashes: [[], [9, 4]],
  });
  assert.ok(
    !svg.includes("<img") && svg.includes("&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;\ufffd<"),
  );
  const path = /<path d="(M[^"]*)" stroke="#0a0" stroke-width="2" stroke-dasharray="9 4"/.exec(svg)![1];
  assert.equal(path, "M64 291.2M488 173.6L700 232.4", "the line is broken where the value is not finite");
  assert.equal(svg.match(/m-4-4l8 8/g)?.length, 1, "one mark");
  assert.equal(escaped("a<b>\u0007 🩺"), "a&lt;b&gt; 🩺");
});
