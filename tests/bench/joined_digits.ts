/**
 * Does the method learn anything from a few dozen real pairs? Trains on the training rows of `joined_patient_digit.csv`
 * and asks on the test rows, other points and another voice, which clips and digits belong together. Beside it chance,
 * ridge regression, and the same training on shuffled pairs.
 *
 * `deno run -A tests/bench/joined_digits.ts [--seeds 11,12,…] [--set data.batchSize=16]…`
 */

import { parseArgs } from "node:util";
import { resolveRunConfig, type RunConfig } from "../../lib/config.ts";
import { type ConceptMetrics, conceptRetrieval } from "../../lib/evaluation/concept_retrieval.ts";
import { embedWindows } from "../../lib/evaluation/embed.ts";
import { labelPermutation } from "../../lib/evaluation/label_permutation.ts";
import { CheckpointStore } from "../../lib/records/checkpoint_store.ts";
import { createExecutor } from "../../lib/tensor/device.ts";
import type { Executor } from "../../lib/tensor/executor.ts";
import { floatTensors } from "../../lib/training/train_state.ts";
import { train } from "../../lib/training/trainer.ts";
import { sharedDataFolder } from "../lib/shared_data.ts";
import {
  coarseSpectrogram,
  type JoinedPair,
  meanFrame,
  meanSpectrum,
  pairWindows,
  readJoinedPairs,
  windowSeconds,
  withShuffledSpeech,
} from "./joined_pairs.ts";
import { centred, fitRidge, meanRow, type Rows } from "./ridge.ts";

/** Scores of the test rows' clips and digits in one space. */
interface Answer {
  map: number;
  chance: number;
  recallAt1: number;
  recallAt1Chance: number;
  pValue: number;
}

const { values: options } = parseArgs({
  options: {
    set: { type: "string", multiple: true, default: [] },
    seeds: { type: "string", default: "11,12,13,14,15" },
  },
});

function configOf(seed: number): RunConfig {
  return resolveRunConfig({
    file: {
      seed,
      data: {
        windowsPerScan: 1,
        samplingGroups: 1,
        speechSeconds: windowSeconds,
        neighbourSeconds: 60,
        // Two voices in training, another one in the test: pitch and speed must not matter.
        augmentation: { shift: 0.1, speechStretch: 0.2, bandShift: 0.06, spectrogramMask: 0.25 },
      },
      model: { frameSize: [48, 48], speechSize: [64, 64] },
      // A clip says one thing only: it has no hard negatives, and its frames hardly move.
      losses: { correlationWeight: 0, orderWeight: 0, hardNegatives: false },
      pacing: { kind: "none" },
      training: { epochs: 40, evaluateEveryEpochs: 40 },
    },
    set: options.set,
  });
}

/** Trains on the training rows; the embeddings of the test rows, one of each kind a row. */
async function learn(executor: Executor, pairs: readonly JoinedPair[], seed: number) {
  const folder = await Deno.makeTempDir();
  try {
    const [dataset, config] = [pairWindows(pairs), configOf(seed)];
    const checkpoints = await CheckpointStore.open(folder);
    // The list has patients in both parts, which no split certificate allows: training gets the training rows alone.
    const rows = pairWindows(pairs.filter(({ split }) => split === "train"));
    await Array.fromAsync(train({ config, dataset: rows, executor, checkpoints }));
    const { checkpoint } = await checkpoints.newest();
    const windows = dataset.windows({ split: "test" });
    const parameters = floatTensors(checkpoint!.tensors);
    const { video, speech, dimension } = await embedWindows({
      executor,
      config,
      parameters,
      source: dataset,
      windows,
    });
    const places = Map.groupBy(windows.keys(), (i) => windows[i].scanId);
    const mean = (values: Float32Array, rows: readonly number[]) =>
      unit(meanRow(rows.map((i) => Float64Array.from(values.subarray(i * dimension, (i + 1) * dimension)))));
    const tested = pairs.filter(({ split }) => split === "test");
    return {
      video: tested.map(({ scanId }) => mean(video, places.get(scanId)!)),
      speech: tested.map(({ scanId }) => mean(speech, places.get(scanId)!)),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function unit(row: Float64Array): Float64Array {
  const length = Math.hypot(...row);
  return row.map((value) => value / length);
}

/** Retrieval by digit both ways, averaged; p from shuffling which digit is said where. */
function ask(pairs: readonly JoinedPair[], videoRows: Rows, speechRows: Rows): Answer {
  const tested = pairs.filter(({ split }) => split === "test");
  const digits = tested.map(({ digit }) => digit);
  const flat = (rows: Rows) => Float32Array.from(rows.flatMap((row) => [...row]));
  const retrieve = (speechConcepts: readonly string[]) =>
    conceptRetrieval({
      windows: tested.map(({ scanId, digit }) => ({ scanId, subject: digit, startSeconds: 0 })),
      video: flat(videoRows),
      speech: flat(speechRows),
      dimension: videoRows[0].length,
      videoConcepts: digits,
      speechConcepts,
      leaveOut: { kind: "none" },
      seed: 1,
      resamples: 1,
    });
  const both = (speechConcepts: readonly string[], key: keyof ConceptMetrics, part: "value" | "chance") => {
    const { videoToSpeech, speechToVideo } = retrieve(speechConcepts);
    return (videoToSpeech.metrics[key][part] + speechToVideo.metrics[key][part]) / 2;
  };
  const { pValue } = labelPermutation({
    labels: digits,
    statistic: (labels) => both(labels, "meanAveragePrecision", "value"),
    seed: 1,
  });
  return {
    map: both(digits, "meanAveragePrecision", "value"),
    chance: both(digits, "meanAveragePrecision", "chance"),
    recallAt1: both(digits, "recallAt1", "value"),
    recallAt1Chance: both(digits, "recallAt1", "chance"),
    pValue,
  };
}

/** Ridge regression from clips to digits, matched in the space of the digits. */
function regress(pairs: readonly JoinedPair[], speechOf: (pair: JoinedPair) => Float64Array): Answer {
  const [trained, tested] = (["train", "test"] as const).map((part) =>
    pairs.filter(({ split }) => split === part)
  );
  const sounds = trained.map(speechOf);
  const ridge = fitRidge(trained.map(meanFrame), sounds);
  const predicted = tested.map((pair) => unit(ridge.predict(meanFrame(pair))));
  return ask(pairs, predicted, centred(tested.map(speechOf), meanRow(sounds)).map(unit));
}

function tell(name: string, { map, chance, recallAt1, recallAt1Chance, pValue }: Answer): void {
  const percent = (value: number) => (100 * value).toFixed(1);
  console.log(
    `${name.padEnd(36)} mAP ${percent(map)} (chance ${percent(chance)})  R@1 ${percent(recallAt1)} ` +
      `(chance ${percent(recallAt1Chance)})  p ${pValue.toFixed(3)}`,
  );
}

const pairs = await readJoinedPairs(sharedDataFolder);
const [trainRows, testRows] = ["train", "test"].map((part) =>
  pairs.filter(({ split }) => split === part).length
);
console.log(`${trainRows} training rows, ${testRows} test rows, 10 digits; mean of both directions`);
tell("ridge, mean spectrum", regress(pairs, meanSpectrum));
tell("ridge, coarse spectrogram", regress(pairs, coarseSpectrogram));
const executor = await createExecutor("wasm");
for (const seed of options.seeds.split(",").map(Number)) {
  const start = performance.now();
  const learned = await learn(executor, pairs, seed);
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  tell(`network, seed ${seed} (${seconds} s)`, ask(pairs, learned.video, learned.speech));
  const control = await learn(executor, withShuffledSpeech(pairs, seed), seed);
  tell(`network on shuffled pairs, seed ${seed}`, ask(pairs, control.video, control.speech));
}
await executor.dispose();
