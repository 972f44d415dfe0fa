/** A run folder and a dataset made of plain arithmetic, for tests of the server and the dashboard. */

import type { WindowRecord } from "../../lib/data/dataset_store.ts";
import type { Split } from "../../lib/data/split.ts";
import { MetricStore } from "../../lib/records/metric_store.ts";
import { encodeSafetensors } from "../../lib/records/safetensors.ts";
import type { RunEvent } from "../../lib/training/events.ts";
import type { DatasetSource } from "../../routes/dataset_library.ts";

export const totalSteps = 400;

export const chance = {
  "loss.correlation": Math.LN2,
  "loss.contrastive": Math.log(32),
  "loss.order": Math.log(12),
};

export const evaluationChance = {
  "retrieval.videoToSpeech.recallAt1": 1 / 60,
  "retrieval.videoToSpeech.recallAt5": 5 / 60,
  "retrieval.videoToSpeech.recallAt10": 10 / 60,
  "retrieval.videoToSpeech.medianRank": 30.5,
  "retrieval.speechToVideo.recallAt1": 1 / 60,
  "retrieval.speechToVideo.recallAt5": 5 / 60,
  "retrieval.speechToVideo.recallAt10": 10 / 60,
  "retrieval.speechToVideo.medianRank": 30.5,
};

export function startedEvent(step = 0): RunEvent {
  return {
    kind: "started",
    step,
    epoch: 0,
    totalEpochs: 20,
    stepsPerEpoch: 20,
    totalSteps,
    device: "wasm",
    parameterCount: 412_345,
    brokenCheckpoints: [],
    certificate: "split certificate",
    trainWindows: 640,
    admittedShare: 0.62,
    voicedShare: 0.48,
    chance,
  };
}

/** @param lift Added to the contrastive loss, to tell runs apart. */
export function stepEvent(step: number, lift = 0): RunEvent {
  const wobble = Math.sin(step * 1.7) * 0.06 + Math.sin(step * 0.31) * 0.04;
  const decay = Math.exp(-step / 130);
  const correlation = 0.32 + 0.37 * decay + wobble * 0.6;
  const contrastive = 1.1 + lift * (1 - decay) + 2.35 * decay + wobble * 2;
  const order = 1.2 + 1.3 * Math.exp(-step / 220) + wobble;
  return {
    kind: "step",
    step,
    epoch: Math.floor(step / 20),
    metrics: {
      "loss.total": correlation + contrastive + order,
      "loss.correlation": correlation,
      "loss.contrastive": contrastive,
      "loss.order": step === 77 ? NaN : order,
      "similarity.positive": 0.05 + 0.5 * (1 - decay) + wobble / 4,
      "similarity.other": 0.04 + 0.02 * (1 - decay) + wobble / 8,
      "accuracy.correlation": 1 - correlation / 1.4,
      "accuracy.order": 0.08 + 0.5 * (1 - decay),
      learningRate: 1e-3 * Math.min(1, step / 20) * (0.5 + 0.5 * Math.cos((Math.PI * step) / totalSteps)),
      gradientNorm: 1.5 + 3 * decay + Math.abs(wobble) * 9,
      temperature: 0.07 + 0.03 * decay,
      admittedShare: 0.62 + wobble,
      voicedShare: 0.48 + wobble * 0.7,
      stepsPerSecond: 4.6 + wobble * 5,
      dataStallShare: Math.max(0, 0.05 + wobble / 2),
    },
  };
}

export function evaluationMetrics(step: number): Record<string, number> {
  const learned = 1 - Math.exp(-step / 200);
  return {
    "retrieval.videoToSpeech.recallAt1": 0.02 + 0.38 * learned,
    "retrieval.videoToSpeech.recallAt5": 0.09 + 0.6 * learned,
    "retrieval.videoToSpeech.recallAt10": 0.17 + 0.66 * learned,
    "retrieval.videoToSpeech.medianRank": 30 - 28 * learned,
    "retrieval.speechToVideo.recallAt1": 0.02 + 0.34 * learned,
    "retrieval.speechToVideo.recallAt5": 0.09 + 0.55 * learned,
    "retrieval.speechToVideo.recallAt10": 0.17 + 0.63 * learned,
    "retrieval.speechToVideo.medianRank": 30 - 27 * learned,
  };
}

export interface FakeRun {
  runsDirectory: string;
  folder: string;
  datasetPath: string;
}

const fakeConfig = {
  preset: "tiny",
  seed: 1,
  data: { batchSize: 16 },
  optimizer: { kind: "sgd", learningRate: 1e-3 },
  model: { frameSize: [64, 64] },
};

export interface FakeRunOptions {
  steps?: number;
  name?: string;
  hasPace?: boolean;
  /** See {@linkcode stepEvent}. */
  lift?: number;
  config?: Record<string, unknown>;
}

/** Makes a run called `r1` of `steps` steps with evaluations, in a new folder below `root`. */
export function makeFakeRun(root: string, options: FakeRunOptions = {}): FakeRun {
  const { steps = 240, name = "r1", hasPace = true, lift = 0, config = {} } = options;
  const folder = `${root}/runs/${name}`;
  const datasetPath = `${root}/dataset`;
  Deno.mkdirSync(`${folder}/evaluations`, { recursive: true });
  Deno.mkdirSync(datasetPath, { recursive: true });
  const createdAt = "2026-11-20T10:00:00.000Z";
  Deno.writeTextFileSync(
    `${folder}/run.json`,
    JSON.stringify({ dataset: datasetPath, datasetId: "d", createdAt }),
  );
  Deno.writeTextFileSync(`${folder}/config.json`, JSON.stringify({ ...fakeConfig, ...config }));
  // Events lie a quarter of a second apart and end now.
  let seconds = Date.now() / 1000 -
    (steps + 1 + Math.floor(steps / 40) + (hasPace ? Math.ceil(steps / 20) : 0)) / 4;
  using store = MetricStore.create(`${folder}/metrics.sqlite`, { now: () => seconds += 0.25 });
  store.append(startedEvent());
  for (let step = 1; step <= steps; step++) {
    if (hasPace && step % 20 === 1) writePace(folder, store, (step - 1) / 20);
    store.append(stepEvent(step, lift));
    if (step % 40 === 0) writeEvaluation(folder, store, step);
  }
  return { runsDirectory: `${root}/runs`, folder, datasetPath };
}

/** Scores of the training windows at the start of an epoch: every window's affinity drifts to what it is about. */
function writePace(runFolder: string, store: MetricStore, epoch: number): void {
  const windows = fakeWindows().filter((window) => window.split === "train");
  const learned = 1 - Math.exp(-epoch / 4);
  const affinity = Float32Array.from(windows, ({ id }, i) => {
    if (epoch === 0 || i === 7) return NaN;
    const isRelated = i % 3 !== 0;
    return 0.05 * Math.sin(id * 12.9) + learned * (isRelated ? 0.6 : 0.05) +
      0.08 * Math.cos(id * 4.1 + epoch);
  });
  const least = epoch < 2 ? -1 : 0.05 + 0.2 * learned;
  const weight = affinity.map((value) => Number.isNaN(value) || value >= least ? 1 : 0);
  const shape = [windows.length];
  const file = `epoch-${String(epoch).padStart(5, "0")}.safetensors`;
  Deno.mkdirSync(`${runFolder}/pace`, { recursive: true });
  Deno.writeFileSync(
    `${runFolder}/pace/${file}`,
    encodeSafetensors(
      new Map([
        ["window_ids", { dtype: "I64", shape, data: BigInt64Array.from(windows, ({ id }) => BigInt(id)) }],
        ["affinity", { dtype: "F32", shape, data: affinity }],
        ["least_affinity", { dtype: "F32", shape, data: new Float32Array(windows.length).fill(least) }],
        ["weight", { dtype: "F32", shape, data: weight }],
      ]),
    ),
  );
  const metrics = { "pace.admittedShare": weight.reduce((a, b) => a + b, 0) / weight.length };
  store.append({ kind: "pace", step: epoch * 20, epoch, metrics, file } satisfies RunEvent);
}

function writeEvaluation(runFolder: string, store: MetricStore, step: number): void {
  const folder = `validation-${step}`;
  const metrics = evaluationMetrics(step);
  const path = `${runFolder}/evaluations/${folder}`;
  Deno.mkdirSync(path, { recursive: true });
  const recall = metrics["retrieval.videoToSpeech.recallAt5"];
  const intervals = { "retrieval.videoToSpeech.recallAt5": [recall - 0.07, recall + 0.08] };
  const counts = { windows: 60, subjects: 6 };
  const report = { step, split: "validation", ...counts, metrics, chance: evaluationChance, intervals };
  Deno.writeTextFileSync(`${path}/report.json`, JSON.stringify(report));
  const windows = fakeWindows().filter(({ split }) => split === "validation");
  Deno.writeFileSync(`${path}/embeddings.safetensors`, fakeEmbeddings(windows, step));
  store.append({
    kind: "evaluation",
    step,
    epoch: step / 20,
    split: "validation",
    metrics,
    chance: evaluationChance,
    folder,
  });
}

const embeddingDim = 16;

/** The file of embeddings after a step: the speech of a window comes nearer to its picture, scans lie apart. */
export function fakeEmbeddings(
  windows: readonly Pick<WindowRecord, "id" | "scanId" | "startSeconds">[],
  step: number,
): Uint8Array {
  const spread = 0.15 + 1.4 * Math.exp(-step / 200);
  const noise = (seed: number) => (Math.sin(seed * 12.9898) * 43758.5453) % 1;
  const rows = (isSpeech: boolean) => {
    const out = new Float32Array(windows.length * embeddingDim);
    windows.forEach(({ id, scanId }, i) => {
      const row = Array.from({ length: embeddingDim }, (_, d) => {
        const about = Math.sin(((i % 6) + 1) * (d + 1) * 1.7) +
          0.5 * Math.cos(Number(scanId.slice(4)) * (d + 2));
        return about + 0.3 * noise(id * 31 + d) + (isSpeech ? spread * noise(id * 17 + d + 1000) : 0);
      });
      const length = Math.hypot(...row);
      out.set(row.map((value) => value / length), i * embeddingDim);
    });
    return out;
  };
  const shape = [windows.length, embeddingDim];
  const [ids, starts] = [windows.map(({ id }) => BigInt(id)), windows.map((w) => w.startSeconds)];
  return encodeSafetensors(
    new Map([
      ["video", { dtype: "F32", shape, data: rows(false) }],
      ["speech", { dtype: "F32", shape, data: rows(true) }],
      ["window_ids", { dtype: "I64", shape: [windows.length], data: BigInt64Array.from(ids) }],
      ["start_seconds", { dtype: "F64", shape: [windows.length], data: Float64Array.from(starts) }],
    ]),
    { scan_ids: JSON.stringify(windows.map(({ scanId }) => scanId)), split: "validation" },
  );
}

const windowsPerScan = 20;
const frames = 8;
const [height, width] = [64, 64];
const bands = 64;
const sampleRate = 24_000;

function fakeWindows(): WindowRecord[] {
  return fakeScans().flatMap(({ id: scanId, subject, split }, scan) =>
    Array.from({ length: windowsPerScan }, (_, index) => ({
      id: scan * 1000 + index,
      scanId,
      subject,
      split,
      index,
      startSeconds: index * 2,
      firstFrame: index * frames,
      frameCount: frames,
      voicedFractionEnergy: 0.5 + 0.5 * Math.sin(scan + index),
      voicedFractionWebrtc: 0.5 + 0.5 * Math.sin(scan + index * 1.1),
    }))
  );
}

function fakeScans() {
  const splits: Split[] = ["train", "train", "train", "validation", "validation", "validation", "test"];
  return splits.map((split, i) => ({
    ...{ id: `scan${i}`, subject: `anna${i}`, split, durationSeconds: 40 },
    ...{
      sourceName: `anna ${i}.mp4`,
      notes: i === 0 ? ["thin bright lines in anna 0.mp4 never change"] : [],
    },
  }));
}

/** A dataset of seven scans whose frames show a bright ring and whose sound is a rising tone. */
export function fakeDataset(onClose: () => void = () => {}): DatasetSource {
  return {
    config: {
      windowSeconds: 2,
      frameSize: [height, width],
      framesPerWindow: frames,
      spectrogram: { bands, sampleRate, hopSeconds: 0.01 },
    },
    scans: fakeScans,
    windows: ({ split, scanId } = {}) =>
      fakeWindows().filter((w) =>
        (split === undefined || w.split === split) && (scanId === undefined || w.scanId === scanId)
      ),
    labels: () => new Map(fakeWindows().filter(({ index }) => index % 2 === 0).map(({ id }) => [id, "even"])),
    quarantine: () => [
      { sourceName: "scan7.mp4", reason: "no audio", detail: "it holds no sound" },
      {
        sourceName: "anna smith.mp4",
        reason: "corrupt",
        detail: "anna smith.mp4 ends early, see /data/anna smith",
      },
      { sourceName: "scan9.mp4", reason: "no audio", detail: "it holds no sound" },
    ],
    labelStretches: (scanId) =>
      scanId === "scan0"
        ? [
          { startSeconds: 3, endSeconds: 12.5, label: "head" },
          { startSeconds: 20, endSeconds: 31, label: "<b>heart</b>" },
        ]
        : [],
    gaze: (scanId) =>
      scanId === "scan0"
        ? {
          fixations: Array.from({ length: 20 }, (_, i) => ({
            startSeconds: 2 * i + 0.25,
            durationSeconds: 1.2,
            x: 0.5 + 0.3 * Math.sin(i),
            y: 0.5 + 0.3 * Math.cos(i),
            isInside: true,
          })),
        }
        : undefined,
    readFrames: (scanId, start, count) => {
      const seed = Number(scanId.slice(-1));
      return Uint8Array.from({ length: count * height * width }, (_, i) => {
        const t = start + Math.floor(i / (height * width));
        const y = Math.floor(i / width) % height - height / 2;
        const x = i % width - width / 2 - 4 * Math.sin(t / 3);
        const ring = Math.exp(-(((Math.hypot(x * (1 + seed / 10), y) - 14 - seed) / 3) ** 2));
        return 25 + 200 * ring + ((i * 7919 + t * 31) % 25);
      });
    },
    readLogSpectrogram: (_scanId, start, count) =>
      Float32Array.from({ length: count * bands }, (_, i) => {
        const column = start + Math.floor(i / bands);
        const voice = Math.max(0, Math.sin(column / 23)) *
          Math.exp(-(((i % bands) - 18 - 9 * Math.sin(column / 31)) ** 2) / 60);
        return -8 + 6 * voice + Math.sin(i * 12.9898) * 0.4;
      }),
    readPcm: (_scanId, start, count) =>
      Int16Array.from(
        { length: count },
        (_, i) => 6000 * Math.sin((2 * Math.PI * 220 * (start + i)) / sampleRate),
      ),
    close: onClose,
  };
}
