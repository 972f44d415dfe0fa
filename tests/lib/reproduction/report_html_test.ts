import assert from "node:assert/strict";
import { decode } from "fast-png";
import { renderReport } from "../../../lib/reproduction/report_html.ts";
import type { Figure, ReproductionReport } from "../../../lib/reproduction/report.ts";
import { fakeReport, hostileText } from "../../helpers/fake_report.ts";

/** The part of the page with this id. */
function section(page: string, id: string): string {
  const found = page.match(new RegExp(`<section id="${id}"[\\s\\S]*?</section>`));
  assert.ok(found, `the page must have a part "${id}"`);
  return found[0];
}

/** What is read on the screen: without tags, styles and what pictures consist of. */
function textOf(page: string): string {
  return page.replace(/<style>[\s\S]*?<\/style>/, "").replace(/<[^>]*>/g, " ");
}

/** Fails with what was found around a match, not with the whole page. */
function assertAbsent(page: string, pattern: RegExp): void {
  const bare = page.replace(/base64,[^"]*/g, "");
  const found = bare.match(pattern);
  const around = found && bare.slice(Math.max(0, found.index! - 80), found.index! + 80);
  assert.equal(around, null, `the page must not have ${pattern}`);
}

const pages = {
  full: () => renderReport(fakeReport()),
  bare: () => renderReport(bareReport()),
};

/** A report with as little in it as its type allows. */
function bareReport(): ReproductionReport {
  const report = fakeReport();
  return {
    ...report,
    protocol: {
      ...report.protocol,
      size: "quick",
      isSynthetic: false,
      pretrainingSteps: {},
      notes: [],
      seeds: [1],
    },
    rows: report.rows.slice(0, 2).map((row) => ({
      ...row,
      figures: {},
      confusion: undefined,
      labelEfficiency: [],
      curves: [],
    })),
    baselines: [],
    comparisons: [],
    affinity: [],
    checks: [],
    saliencyExamples: [],
  };
}

/** Every string of a report that comes from elsewhere replaced by text that would act if it were not escaped. */
function hostileReport(): ReproductionReport {
  const report = fakeReport();
  const hostile = (text: string) => `${text}${hostileText}`;
  return {
    ...report,
    programVersion: hostile(report.programVersion),
    device: hostile(report.device),
    finishedAt: hostile(report.finishedAt),
    protocol: {
      ...report.protocol,
      command: hostile(report.protocol.command),
      datasetHash: hostile(report.protocol.datasetHash),
      notes: report.protocol.notes.map(hostile),
    },
    metrics: report.metrics.map((metric) => ({
      ...metric,
      title: hostile(metric.title),
      definition: hostile(metric.definition),
    })),
    rows: report.rows.map((row) => ({
      ...row,
      title: hostile(row.title),
      description: hostile(row.description),
      confusion: row.confusion && { ...row.confusion, classes: row.confusion.classes.map(hostile) },
      curves: row.curves.map((curve) => ({ ...curve, name: hostile(curve.name) })),
    })),
    baselines: report.baselines.map((baseline) => ({ ...baseline, title: hostile(baseline.title) })),
    affinity: report.affinity.map((curve) => ({ ...curve, title: hostile(curve.title) })),
    checks: report.checks.map(({ holds, ...check }) => ({
      holds,
      name: hostile(check.name),
      must: hostile(check.must),
      found: hostile(check.found),
    })),
    saliencyExamples: report.saliencyExamples.map((example) => ({
      ...example,
      maps: example.maps.map((map) => ({ ...map, title: hostile(map.title) })),
    })),
  };
}

Deno.test("renderReport() escapes every text of the report", () => {
  const page = renderReport(hostileReport());
  // Real pictures are all data; the hostile one is not.
  assertAbsent(page, /<img(?!\s+src="data:image\/png;")/);
  // Inside quotes it is text.
  assertAbsent(page.replace(/="[^"]*"/g, ""), /<[^>]*\sonerror/);
  assertAbsent(page, /alert\('/);
  assert.ok(page.split("alert(&#39;1&#39;)").length > 100);
});

Deno.test("renderReport() gives the same bytes for the same report and leaves the report alone", () => {
  const report = fakeReport();
  const before = structuredClone(report);
  assert.equal(renderReport(report), renderReport(report));
  assert.deepEqual(report, before);
});

Deno.test("renderReport() shows every primary figure with deviation and interval, and no other metric", () => {
  const report = fakeReport();
  const results = textOf(section(renderReport(report), "results"));
  let shown = 0;
  for (const { key, unit, isPrimary } of report.metrics) {
    const figures = report.rows.flatMap(({ figures }) => figures[key] ?? []);
    const largest = Math.max(...[...figures, ...report.baselines.flatMap(({ figures }) => figures[key] ?? [])]
      .map(({ value }) => Math.abs(value)));
    const decimals = unit === "share" || unit === "rank" ? 1 : largest >= 1 ? 2 : 3;
    const write = (value: number) =>
      (unit === "share" ? 100 * value : value).toFixed(decimals).replace("-", "−").replace(
        /^−(0\.0*)$/,
        "$1",
      );
    for (const { value, standardDeviation, interval } of figures) {
      const words = [write(value)];
      if (standardDeviation !== null) words.push(`± ${write(standardDeviation)}`);
      if (interval) words.push(`[${interval.map(write).join(", ")}]`);
      for (const word of words) assert.ok(!isPrimary || results.includes(word), `${key}: ${word}`);
      if (!isPrimary) assert.ok(!results.includes(words[0]), `${key}: ${words[0]}`);
      shown += Number(isPrimary);
    }
  }
  assert.ok(shown > 80);
});

Deno.test("renderReport() marks the best row of a metric alone, and only where comparisons decide it", () => {
  const report = fakeReport();
  const best = (page: string) => section(page, "results").match(/<td\s+class="best">/g)?.length ?? 0;
  assert.equal(best(renderReport(report)), 2);
  assert.equal(best(renderReport({ ...report, comparisons: [] })), 0);
});

Deno.test("renderReport() refers to nothing outside the page and runs nothing", () => {
  for (const page of [pages.full(), renderReport(hostileReport())]) {
    for (
      const [, attribute, url] of page.matchAll(
        /\s(href|src|srcset|action|data|poster|xlink:href)="([^"]*)"/g,
      )
    ) {
      assert.ok(
        attribute === "href" ? url.startsWith("#") : url.startsWith("data:image/png;base64,"),
        `${attribute}="${url.slice(0, 60)}"`,
      );
    }
    assertAbsent(page, /https?:|\/\/[a-z]|@import|url\(|<script|<link|<iframe|<object|<base|javascript:/i);
    assert.match(
      page,
      /<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"\s*\/?>/,
    );
  }
});

Deno.test("renderReport() links to parts that exist, and no id occurs twice", () => {
  for (const page of [pages.full(), pages.bare()]) {
    const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
    assert.equal(new Set(ids).size, ids.length);
    for (const [, id] of page.matchAll(/href="#([^"]+)"/g)) assert.ok(ids.includes(id), id);
    for (const [, names] of page.matchAll(/aria-labelledby="([^"]+)"/g)) {
      for (const id of names.split(" ")) assert.ok(ids.includes(id), id);
    }
  }
});

Deno.test("renderReport() never shows NaN, undefined, null or Infinity, whatever is missing", () => {
  const broken = fakeReport();
  const nothing: Figure = {
    value: NaN,
    standardDeviation: NaN,
    interval: [NaN, NaN],
    chance: NaN,
    runs: [NaN],
  };
  broken.rows[1].figures = Object.fromEntries(broken.metrics.map(({ key }) => [key, nothing]));
  broken.rows[2].figures["planes.f1Macro13"].interval = [NaN, 0.5];
  broken.rows[3].labelEfficiency[0].f1 = nothing;
  broken.rows[3].curves[0].values[5] = NaN;
  broken.rows[4].confusion = { classes: ["a", "b"], counts: [[0, 0], [0, 0]] };
  broken.rows[5].labelEfficiency.length = 1;
  broken.affinity[0].auc = nothing;
  broken.affinity[0].averagePrecision = nothing;
  broken.affinity[1].calibration = [];
  broken.affinity[2].calibration.forEach((bin) => bin.score = 0.5);
  broken.comparisons[0] = { ...broken.comparisons[0], difference: NaN, interval: [NaN, NaN], pValue: NaN };
  broken.comparisons[1] = { ...broken.comparisons[1], metric: "no.such", better: "random" };
  broken.saliencyExamples[0].picture = "not base64!";
  broken.computeSeconds = NaN;
  const stored = JSON.parse(JSON.stringify(broken)) as ReproductionReport;
  for (const page of [renderReport(broken), renderReport(stored), pages.full(), pages.bare()]) {
    assertAbsent(page, /NaN|undefined|\bnull\b|Infinity|\[object/);
  }
});

Deno.test("renderReport() leaves out parts without data and says so where they would be missed", () => {
  const page = pages.bare();
  for (const id of ["plots", "confusion", "labels", "losses", "affinity", "confounds", "saliency"]) {
    assertAbsent(page, new RegExp(`"#?${id}"`));
  }
  assert.match(textOf(section(page, "checks")), /No checks were made/);
  assert.match(textOf(section(page, "comparisons")), /No orderings were tested/);
  assert.match(textOf(section(page, "results")), /No numbers were found/);
  assert.match(textOf(section(page, "verdict")), /quick run.*too small/);
  assert.doesNotMatch(textOf(section(page, "verdict")), /synthetic/);
});

Deno.test("renderReport() shows checks that fail first, in words", () => {
  const checks = section(pages.full(), "checks");
  const stamps = [...checks.matchAll(/<li class="(held|failed)">/g)].map(([, kind]) => kind);
  assert.deepEqual(stamps, ["failed", "held", "held", "held"]);
  assert.match(textOf(checks), /FAILS\s+certificate/);
});

Deno.test("renderReport() keeps published numbers in tables of their own, named as not comparable", () => {
  const page = pages.full();
  const published = textOf(section(page, "published"));
  assert.match(published, /on private data; not comparable in absolute numbers/);
  assert.match(published, /MICCAI 2020.*arXiv:2008\.06607.*tables 1 and 2/);
  for (const value of ["72.6 ± 1.7", "3.05 ± 0.04", "2.68 ± 0.05", "69.8"]) {
    assert.ok(published.includes(value), value);
  }
  assert.ok(!textOf(section(page, "results")).includes("3.05 ± 0.04"));
});

Deno.test("renderReport() has the confusion matrix of every row that was asked, open for random and the best", () => {
  const confusion = section(pages.full(), "confusion");
  assert.equal(confusion.match(/<details/g)?.length, 7);
  const open = [...confusion.matchAll(/<details open\s*>\s*<summary>([^<]*)/g)].map(([, title]) => title);
  assert.deepEqual(open, ["Random", "Supervised"]);
});

Deno.test("renderReport() puts a PNG of the given size for each picture and map, and words where one is broken", () => {
  const saliency = section(pages.full(), "saliency");
  const pictures = [...saliency.matchAll(/src="data:image\/png;base64,([^"]*)"/g)]
    .map(([, data]) => decode(Uint8Array.fromBase64(data)));
  const sizes = Map.groupBy(pictures, ({ width, height, channels }) => `${height} × ${width} × ${channels}`);
  assert.deepEqual(
    new Map([...sizes].map(([size, found]) => [size, found.length])),
    new Map([["1 × 256 × 3", 1], ["112 × 144 × 1", 3], ["28 × 36 × 3", 3 * 9 - 1]]),
  );
  assert.equal(saliency.match(/no picture/g)?.length, 1);
});
