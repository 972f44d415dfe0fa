/** A reproduction report as a full run would write it, with everything that could trip a page. */

import { Random } from "../../lib/random.ts";
import {
  type Figure,
  type ReportComparison,
  type ReportRow,
  type ReproductionReport,
  type RowId,
  rowIds,
} from "../../lib/reproduction/report.ts";
import type { PlaneAnswers } from "../../lib/reproduction/plane_answers.ts";
import { fakeMetrics } from "./fake_metrics.ts";

/** Text that would act if it were not escaped. */
export const hostileText = `<img src=x onerror="alert('1')">&amp;`;

const titles: Record<RowId, [title: string, description: string, skill: number]> = {
  random: ["Random", "Nothing: the encoder starts from random weights.", 0],
  video: ["Video only", "Putting four frames of a window back in order.", 0.24],
  correlation: ["Correlation", "Telling pairs of one instant from pairs of two.", 0.31],
  contrastive: ["Correlation + contrast", "The same, and contrast between scans.", 0.44],
  paper: ["The paper’s method", "All three losses, with windows chosen by voice activity.", 0.58],
  learned: [
    "Learned affinity, self-paced, with diversity over scans",
    "The same, with windows chosen by learned affinity.",
    0.63,
  ],
  supervised: [
    "Supervised",
    "The planes’ labels of the pretraining subjects: an upper end, not a competitor.",
    1,
  ],
  shuffled: [
    "Shuffled pairs",
    "The paper’s method on pairs of pictures and speech of different scans.",
    0.22,
  ],
};

const classes = [
  "3VT",
  "4CH",
  "abdomen",
  "femur",
  "brain transventricular",
  "kidneys",
  "LVOT",
  "lips",
  "profile",
  "RVOT",
  "brain transcerebellum",
  "spine coronal",
  "spine sagittal",
  "background",
];

/** The whole report; every call makes a new one that may be changed. */
export function fakeReport(): ReproductionReport {
  const random = new Random(7, "fake report");
  const metrics = fakeMetrics.map(([info]) => ({ ...info }));
  const rows = rowIds.map((id) => fakeRow(id, random));
  return {
    formatVersion: 1,
    programVersion: "0.1.0",
    finishedAt: "2026-11-26T22:11:47.123Z",
    computeSeconds: 41_532,
    device: "2 workers on WebAssembly",
    protocol: {
      command: "./run reproduce --size full",
      size: "full",
      isSynthetic: true,
      seeds: [1, 2, 3],
      folds: 3,
      subjects: { pretraining: 48, transfer: 24 },
      windows: { pretraining: 11_520, transfer: 5760 },
      labelledPictures: 2256,
      pretrainingSteps: {
        video: 4000,
        correlation: 4000,
        contrastive: 4000,
        paper: 4000,
        learned: 4000,
        shuffled: 4000,
      },
      fineTuningEpochs: 50,
      datasetHash: "5f1d7a84c0c2c52e0c9f7d1b7be2f7cf0a4b56f0f0d5f1c35a2dcb6fd2f8a911",
      notes: [
        "Transfer subjects are split into three folds by subject; two train and one tests.",
        `Names of the dataset are shown as they are: ${hostileText}`,
      ],
    },
    metrics: [...metrics, {
      ...metrics[0],
      key: "planes.accuracy",
      title: "Accuracy of planes",
      isPrimary: false,
    }],
    rows,
    baselines: [
      { title: "Uniform map", figures: baseline([2.31, 0, 0.5, 0]) },
      { title: "Centre bias of the training pictures", figures: baseline([1.71, 0.83, 0.76, 0.24]) },
    ],
    comparisons: fakeComparisons(rows),
    affinity: fakeAffinity(random),
    checks: [
      {
        name: "shuffled pairs",
        must: "Retrieval after training on shuffled pairs must stay at chance.",
        found: "Recall@5 is 1.4 % [1.0, 1.9]; chance is 1.3 %.",
        holds: true,
      },
      {
        name: "subjects",
        must: "No subject may be in pretraining and transfer.",
        found: "48 and 24 subjects, none in both.",
        holds: true,
      },
      {
        name: "permuted labels",
        must: "The score with shuffled labels must be that of chance.",
        found: "F1 is 6.9 % with shuffled labels, 86.1 % with true ones.",
        holds: true,
      },
      {
        name: "certificate",
        must: "The truth of every synthetic scan must be the one its certificate names.",
        found: "One of 72 differs.",
        holds: false,
      },
    ],
    saliencyExamples: [0, 1, 2].map((number) => fakeSaliency(number)),
  };
}

/**
 * A report whose matrices count answers about windows of the fake dataset, one of whose classes has a name that would
 * act; the row `correlation` has none.
 */
export function fakeAnsweredReport(): { report: ReproductionReport; answers: PlaneAnswers } {
  const report = fakeReport();
  const random = new Random(11, "fake answers");
  const names = classes.map((name) => name === "kidneys" ? hostileText : name);
  const windows = Array.from({ length: 80 }, (_, i) => ({ scan: 3 + Math.floor(i / 20), index: i % 20 }));
  const label = windows.map((_, i) => i % names.length);
  const rows = report.rows.filter(({ confusion }) => confusion);
  const trainings = rows.flatMap(({ id }) =>
    report.protocol.seeds.map((seed) => ({
      row: id,
      seed,
      predicted: label.map((one) =>
        random.uniform() < 0.3 + titles[id][2] / 2 ? one : random.integer(names.length)
      ),
    }))
  );
  for (const row of rows) {
    const counts = names.map(() => names.map(() => 0));
    for (const { predicted } of trainings.filter((training) => training.row === row.id)) {
      predicted.forEach((answer, i) => counts[label[i]][answer]++);
    }
    row.confusion = { classes: names, counts };
  }
  return {
    report,
    answers: {
      formatVersion: 1,
      datasetId: "fake dataset",
      classes: names,
      windows: {
        id: windows.map(({ scan, index }) => 1000 * scan + index),
        scan: windows.map(({ scan }) => `scan${scan}`),
        startSeconds: windows.map(({ index }) => 2 * index),
        label,
      },
      trainings,
    },
  };
}

function fakeRow(id: RowId, random: Random): ReportRow {
  const [title, description, skill] = titles[id];
  const hasSpeech = !["random", "video", "supervised"].includes(id);
  const figures: Record<string, Figure> = {};
  for (const [{ key, group }, chance, low, high] of fakeMetrics) {
    if (group === "retrieval" && !hasSpeech) continue;
    if (group === "affinity" && id !== "learned") continue;
    const level = id === "shuffled" && group === "retrieval" ? 0 : skill;
    figures[key] = fakeFigure(low + (high - low) * level, spreadOf(low, high), chance, random);
  }
  if (id === "supervised") {
    figures["planes.f1Macro13"] = { ...figures["planes.f1Macro13"], standardDeviation: null, runs: [0.861] };
  }
  if (id === "video") figures["gaze.cc"] = { ...figures["gaze.cc"], interval: null };
  figures["planes.accuracy"] = fakeFigure(0.123456, 0.01, 0.5, random);
  const counts = classes.map((_, i) =>
    classes.map((_, j) =>
      Math.round((i === j ? 480 * (0.4 + skill / 2) : 24 * (1.1 - skill) * random.uniform()) + 0)
    )
  );
  return {
    id,
    title,
    description,
    isControl: id === "shuffled",
    figures,
    confusion: id === "correlation" ? undefined : { classes, counts },
    labelEfficiency: id === "shuffled"
      ? []
      : [[0.0625, 1], [0.125, 2], [0.25, 4], [0.5, 8], [1, 16]].map(([share, subjects]) => ({
        share,
        subjects,
        f1: fakeFigure(
          (0.2 + 0.62 * skill) * (1 - 0.55 * Math.exp(-subjects / (2 + 6 * skill))),
          0.03,
          0.066,
          random,
        ),
      })),
    curves: fakeCurves(id, skill),
  };
}

/** Small enough that shares stay above 0. */
function spreadOf(low: number, high: number): number {
  return low > 0 ? Math.min(low / 4, Math.abs(high - low) / 20) : Math.abs(high - low) / 20;
}

function fakeFigure(value: number, spread: number, chance: number | null, random: Random): Figure {
  const runs = Array.from({ length: 9 }, () => value + spread * random.normal());
  return {
    value,
    standardDeviation: spread,
    interval: [value - 2.2 * spread, value + 1.9 * spread],
    chance,
    runs,
  };
}

function baseline(values: number[]): Record<string, Figure> {
  const keys = ["gaze.kl", "gaze.nss", "gaze.auc", "gaze.cc"];
  return Object.fromEntries(keys.map((key, i) => [key, {
    value: values[i],
    standardDeviation: null,
    interval: null,
    chance: fakeMetrics.find(([info]) => info.key === key)![1],
    runs: [values[i]],
  }]));
}

function fakeCurves(id: RowId, skill: number): ReportRow["curves"] {
  const chances: Record<string, number> = {
    "loss.order": Math.log(12),
    "loss.correlation": Math.log(2),
    "loss.contrastive": Math.log(64),
  };
  const names = id === "random" || id === "supervised"
    ? []
    : id === "video"
    ? ["loss.order"]
    : id === "correlation"
    ? ["loss.correlation"]
    : Object.keys(chances);
  const steps = Array.from({ length: 60 }, (_, i) => 68 * i);
  return names.map((name) => ({
    name,
    steps,
    values: steps.map((step) =>
      chances[name] * (1 - 0.6 * skill * (1 - Math.exp(-step / 1200)) + 0.01 * Math.sin(step / 90))
    ),
    chance: chances[name],
  }));
}

function fakeComparisons(rows: readonly ReportRow[]): ReportComparison[] {
  const orders: [RowId, RowId, ReportComparison["claimedBy"], ReportComparison["verdict"]][] = [
    ["video", "random", "paper", "holds"],
    ["paper", "random", "paper", "holds"],
    ["paper", "video", "paper", "holds"],
    ["supervised", "paper", "paper", "holds"],
    ["contrastive", "correlation", "paper", "open"],
    ["paper", "contrastive", "paper", "open"],
    ["learned", "paper", "ours", "open"],
    ["supervised", "learned", "ours", "holds"],
  ];
  return ["planes.f1Macro13", "gaze.nss"].flatMap((key) =>
    orders.map(([better, worse, claimedBy, verdict], i): ReportComparison => {
      const isReversed = key === "gaze.nss" && i === 4;
      const value = (id: RowId) => rows.find((row) => row.id === id)!.figures[key].value;
      const size = Math.abs(value(better) - value(worse)) * (isReversed ? -1 : 1);
      const pValue = verdict === "holds" || isReversed ? 0.0001 * (i + 1) : 0.04 + 0.03 * i;
      return {
        metric: key,
        claimedBy,
        better,
        worse,
        difference: size,
        interval: i === 6 ? null : [size - 0.4 * Math.abs(size) - 0.01, size + 0.35 * Math.abs(size) + 0.01],
        pValue,
        adjustedPValue: verdict === "open" && !isReversed ? Math.min(1, pValue * 8) : pValue * 16,
        smallestPValue: 1.2e-7,
        verdict: isReversed ? "reversed" : verdict,
      };
    })
  );
}

function fakeAffinity(random: Random): ReproductionReport["affinity"] {
  return ([["Voiced share, energy", undefined, 0.61], ["Learned affinity", "learned", 0.87], [
    "Learned affinity",
    "shuffled",
    0.49,
  ]] as const)
    .map(([title, row, auc]) => {
      const power = (1 - auc) / auc;
      return {
        title,
        row,
        roc: Array.from({ length: 41 }, (_, i): [number, number] => [i / 40, (i / 40) ** power]),
        auc: { ...fakeFigure(auc, 0.015, 0.5, random), chance: 0.5 },
        averagePrecision: fakeFigure(0.4 + 0.5 * (auc - 0.5), 0.02, 0.4, random),
        calibration: Array.from({ length: 10 }, (_, i) => ({
          score: row === undefined ? (i + 0.5) / 10 : -0.2 + 0.09 * i,
          relatedShare: Math.min(1, Math.max(0, 0.4 + (auc - 0.5) * (i - 4.5) / 5)),
          windows: 576,
        })),
      };
    });
}

function fakeSaliency(number: number): ReproductionReport["saliencyExamples"][number] {
  const spot = ([height, width]: readonly [number, number], x: number, y: number, sigma: number) =>
    Uint8Array.from({ length: height * width }, (_, i) => {
      const [dx, dy] = [(i % width) / width - x, Math.floor(i / width) / height - y];
      return Math.round(255 * Math.exp(-(dx * dx + dy * dy) / (2 * sigma * sigma)));
    }).toBase64();
  const size = [28, 36] as const;
  const pictureSize = [112, 144] as const;
  return {
    size,
    pictureSize,
    picture: spot(pictureSize, 0.35 + 0.15 * number, 0.5, 0.25),
    maps: [
      { title: "Truth", values: spot(size, 0.35 + 0.15 * number, 0.45, 0.07) },
      ...rowIds.map((id, i) => ({
        title: titles[id][0],
        values: number === 2 && id === "video"
          ? "AAAA"
          : spot(size, 0.5 - (0.15 - 0.15 * number) * titles[id][2], 0.5, 0.25 - 0.02 * i),
      })),
    ],
  };
}
