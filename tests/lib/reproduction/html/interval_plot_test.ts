import assert from "node:assert/strict";
import { intervalPlot, type IntervalPlotRow } from "../../../../lib/reproduction/html/interval_plot.ts";
import { numberFormat } from "../../../../lib/reproduction/report_numbers.ts";

const metric = { title: "F1", unit: "share" } as const;

function row(value: number, mark: IntervalPlotRow["mark"] = "dot"): IntervalPlotRow {
  return {
    title: `row ${value}`,
    mark,
    figure: {
      value,
      standardDeviation: 0.02,
      interval: [value - 0.05, value + 0.1],
      chance: 1 / 14,
      runs: [value, 0.6],
    },
  };
}

function plot(rows: IntervalPlotRow[]): string {
  return String(
    intervalPlot({ id: "p", metric, rows, format: numberFormat(metric, rows.map((one) => one.figure)) }),
  );
}

/** Places of the axis's ticks, in percent of the width, by what they say, in percent. */
function ticksOf(svg: string): { value: number; place: number }[] {
  return [...svg.matchAll(/class="tick"\s+x="([\d.]+)%"[^>]*>([\d.−]+)\u00a0%</g)]
    .map(([, place, text]) => ({ value: Number(text.replace("−", "-")) / 100, place: Number(place) }));
}

/** Where a value must be, by the line through the first and last tick. */
function expectedPlace(svg: string, value: number): number {
  const ticks = ticksOf(svg);
  assert.ok(ticks.length >= 3);
  const [first, last] = [ticks[0], ticks.at(-1)!];
  return first.place + (value - first.value) / (last.value - first.value) * (last.place - first.place);
}

Deno.test("intervalPlot() draws chance, means, intervals and runs where the axis says they are", () => {
  const svg = plot([row(0.3), row(0.7)]);
  const near = (pattern: RegExp, value: number) => {
    const place = Number(svg.match(pattern)?.[1]);
    assert.ok(Math.abs(place - expectedPlace(svg, value)) < 0.011, `${value} at ${place}`);
  };
  near(/class="chance lanes"\s+x1="([\d.]+)%"/, 1 / 14);
  near(/class="chance lanes"\s+x1="[\d.]+%"\s+x2="([\d.]+)%"/, 1 / 14);
  near(/class="mark" cx="([\d.]+)%"/, 0.3);
  near(/class="whisker"\s+x1="([\d.]+)%"/, 0.25);
  near(/class="whisker"\s+x1="[\d.]+%"\s+x2="([\d.]+)%"/, 0.4);
  near(/class="run" cx="([\d.]+)%"/, 0.3);
});

Deno.test("intervalPlot() keeps everything it draws inside the picture", () => {
  const svg = plot([row(0.001), row(0.9)]);
  for (const [, place] of svg.matchAll(/\s(?:x|x1|x2|cx)="(-?[\d.]+)%"/g)) {
    assert.ok(Number(place) >= 0 && Number(place) <= 100, place);
  }
});

Deno.test("intervalPlot() tells controls and baselines by shape, and everything in words", () => {
  const svg = plot([row(0.3), row(0.4, "diamond"), row(0.5, "square")]);
  assert.equal(svg.match(/class="mark"/g)?.length, 1);
  assert.equal(svg.match(/class="mark hollow"/g)?.length, 2);
  assert.match(svg, /role="img"/);
  assert.match(svg, /<title id="p-title">F1<\/title>/);
  assert.match(svg, /<desc[^>]*>row 0.3 30.0\u00a0% \[25.0, 40.0\]; .*Chance is 7.1\u00a0%\.<\/desc>/);
});

Deno.test("intervalPlot() has no chance line where figures have none, and copes with a single value", () => {
  const alone = row(0.3);
  alone.figure = { ...alone.figure, interval: null, chance: null, runs: [0.3] };
  const svg = plot([alone]);
  assert.doesNotMatch(svg, /chance/);
  assert.doesNotMatch(svg, /class="(run|whisker)"/);
  assert.ok(ticksOf(svg).length >= 3);
});
