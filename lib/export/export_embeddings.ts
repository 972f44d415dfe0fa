/**
 * Embeddings of windows as files that other programs read.
 *
 * @module
 */

import type { WindowRecord } from "../data/dataset_store.ts";
import type { WindowSource } from "../data/inputs.ts";
import { SonospeechError } from "../errors.ts";
import { type EmbeddedWindows, embedWindows } from "../evaluation/embed.ts";
import { encodeSafetensors } from "../records/safetensors.ts";
import type { DeviceInfo } from "../tensor/executor.ts";
import { embeddingsParquet } from "./embeddings_parquet.ts";
import { ExportFolder } from "./export_folder.ts";
import type { ExportOptions } from "./export_onnx.ts";
import { type ExportedFile, type RunFacts, runFacts } from "./passport.ts";
import type { TrainedRun } from "./trained_run.ts";

/** What to embed. */
export interface EmbeddingExportOptions extends ExportOptions {
  /** Where the windows are read. */
  source: WindowSource;
  /** The windows; all of the source when left out. */
  windows?: readonly WindowRecord[];
  /** Whether the source's splits mean anything; true when left out. */
  tellSplit?: boolean;
  /** Called with the number of windows done, and of all. */
  onProgress?: (done: number, total: number) => void;
}

/** The `passport.json` of embeddings. */
export interface EmbeddingPassport extends RunFacts {
  /** What was written. */
  format: "embeddings";
  /** What was embedded. */
  embedded: { contentHash: string; windows: number; scans: number; dimension: number; device: DeviceInfo };
  /** What belongs to the export besides this file. */
  files: ExportedFile[];
}

/**
 * Embeds windows into `embeddings.safetensors` (`video` and `speech` `[N, D]` of unit length, `window_ids`,
 * `start_seconds`; scan ids in the metadata), `embeddings.csv` and `embeddings.parquet` (the same as tables) and `passport.json`.
 *
 * @throws SonospeechError `input` when there is no window, the run has no projections or the source's spectrograms are
 * not of the run's kind.
 */
export async function exportEmbeddings(options: EmbeddingExportOptions): Promise<EmbeddingPassport> {
  const { run, executor, source, signal, onProgress } = options;
  const windows = options.windows ?? source.windows();
  requireEmbeddable(run, source);
  if (windows.length === 0) {
    throw new SonospeechError("input", { action: "embed", must: "there must be a window", received: 0 });
  }
  const { config, parameters } = run;
  const embedded = await embedWindows({
    ...{ executor, config, parameters, source, windows, signal },
    onProgress: (done) => onProgress?.(done, windows.length),
  });
  const folder = await ExportFolder.open(options.folder);
  await folder.write("embeddings.safetensors", encodeEmbeddings(embedded, source.id));
  const { tellSplit = true } = options;
  await folder.write("embeddings.csv", embeddingsCsv(embedded, source.config.windowSeconds, tellSplit));
  const table = { datasetId: source.id, windowSeconds: source.config.windowSeconds, tellSplit };
  await folder.write("embeddings.parquet", embeddingsParquet(embedded, table));
  const passport: EmbeddingPassport = {
    format: "embeddings",
    embedded: {
      contentHash: source.id,
      windows: windows.length,
      scans: new Set(windows.map(({ scanId }) => scanId)).size,
      dimension: embedded.dimension,
      device: executor.device,
    },
    ...runFacts(run),
    files: [...folder.files],
  };
  await folder.write("passport.json", JSON.stringify(passport, null, 2) + "\n");
  return passport;
}

/**
 * Refuses what would give embeddings that mean nothing.
 *
 * @throws SonospeechError `input` when the run has no projections or the spectrograms are of another kind.
 */
export function requireEmbeddable({ config, prepare }: TrainedRun, source: WindowSource): void {
  if (config.losses.contrastiveWeight === 0) {
    throw new SonospeechError("input", {
      action: "embed",
      must: "the run must have trained its projections, with losses.contrastiveWeight above 0",
      received: 0,
    });
  }
  const [ours, theirs] = [prepare, source.config].map(({ spectrogram }) => JSON.stringify(spectrogram));
  if (ours !== theirs) {
    throw new SonospeechError("input", {
      action: "embed",
      must: `the dataset's spectrograms must be as the run heard them, ${ours}`,
      received: source.config.spectrogram,
      hint: "embed the videos instead of the dataset, or prepare them with these settings",
    });
  }
}

/** Embeddings with their windows as a safetensors file. */
export function encodeEmbeddings(embedded: EmbeddedWindows, datasetId: string): Uint8Array {
  const { windows, video, speech, dimension } = embedded;
  const [count, shape] = [windows.length, [windows.length, dimension]];
  const ids = BigInt64Array.from(windows, ({ id }) => BigInt(id));
  const starts = Float64Array.from(windows, ({ startSeconds }) => startSeconds);
  return encodeSafetensors(
    new Map([
      ["video", { dtype: "F32", shape, data: video }],
      ["speech", { dtype: "F32", shape, data: speech }],
      ["window_ids", { dtype: "I64", shape: [count], data: ids }],
      ["start_seconds", { dtype: "F64", shape: [count], data: starts }],
    ]),
    { dataset: datasetId, scan_ids: JSON.stringify(windows.map(({ scanId }) => scanId)) },
  );
}

/** As many as tell any two float32 numbers apart. */
const nineDigits = (value: number) => String(Number(value.toPrecision(9)));

/** One line a window: what it is, then `video_0` …, `speech_0` …; names of subjects and files are left out. */
export function embeddingsCsv(embedded: EmbeddedWindows, windowSeconds: number, tellSplit: boolean): string {
  const { windows, video, speech, dimension } = embedded;
  const columns = ["window_id", "scan_id", "split", "start_seconds", "end_seconds", "voiced_fraction"];
  const numbered = (name: string) => Array.from({ length: dimension }, (_, d) => `${name}_${d}`);
  const row = (values: Float32Array, i: number) =>
    Array.from(values.subarray(i * dimension, (i + 1) * dimension), nineDigits);
  const lines = windows.map(({ id, scanId, split, startSeconds, voicedFractionWebrtc }, i) =>
    [
      ...[
        id,
        scanId,
        tellSplit ? split : "",
        startSeconds,
        startSeconds + windowSeconds,
        voicedFractionWebrtc,
      ],
      ...row(video, i),
      ...row(speech, i),
    ].join()
  );
  return [[...columns, ...numbered("video"), ...numbered("speech")].join(), ...lines, ""].join("\n");
}
