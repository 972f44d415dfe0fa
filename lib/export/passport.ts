/**
 * What goes along with every export: where a model comes from, how good it is known to be, and how to feed it.
 *
 * @module
 */

import project from "../../deno.json" with { type: "json" };
import type { PrepareConfig, RunConfig } from "../config.ts";
import type { SplitCertificate } from "../data/split_certificate.ts";
import type { Split } from "../data/split.ts";
import type { EvaluationReport } from "../evaluation/evaluate.ts";
import type { DeviceInfo } from "../tensor/executor.ts";
import { parityTolerance } from "./parity.ts";
import { describePreprocessing, type Preprocessing } from "./preprocessing.ts";
import type { StartRecord } from "../training/run_folder.ts";
import type { TrainedRun } from "./trained_run.ts";

/** One network of an export. */
export interface ExportedNetwork {
  /** As `video_encoder`. */
  name: string;
  /** What it does. */
  description: string;
  /** File that holds it. */
  file: string;
  /** Name of its input. */
  input: "frames" | "speech";
  /** Name of its output. */
  output: string;
  /** Facts of this network alone. */
  facts?: Readonly<Record<string, unknown>>;
  /** Largest difference from the run's own results as a share of the largest value. */
  largestRelativeError: number;
}

/** A file of an export. */
export interface ExportedFile {
  /** Inside the export's folder. */
  name: string;
  /** Of its bytes, hexadecimal. */
  sha256: string;
  /** Its length. */
  sizeBytes: number;
}

/** What is told of a run with whatever leaves it. */
export interface RunFacts {
  /** What wrote it. */
  program: { name: string; version: string };
  /** What it may be used for. */
  notice: string;
  /** The run and the moment of it. */
  run: {
    createdAt: string;
    step: number;
    /** The device. */
    trainedOn: string | null;
    /** The weights it started from; null when they were drawn. */
    start: StartRecord | null;
  };
  /** Of everything random. */
  seeds: { run: number; split: number };
  /** The run's settings. */
  config: RunConfig;
  /** Where the data came from: hashes and counts, no names. */
  dataset: {
    /** Hash of contents, settings, subjects and split. */
    contentHash: string;
    /** Its settings. */
    prepare: PrepareConfig;
    /** Subjects of each split; digests are the first 64 bits of the SHA-256 of a subject's name. */
    subjects: Record<Split, { count: number; digests: string[] }>;
    /** Digests of the subjects that the run or its start trained on. */
    trainedOn: string[];
    /** That no subject and no recording is in two splits; null for a run without one. */
    certificate: SplitCertificate | null;
  };
  /** Metrics of these very weights with 95 % intervals and chance; empty when they were never evaluated. */
  evaluations: EvaluationReport[];
  /** How to make the inputs. */
  preprocessing: Preprocessing;
}

/** The `passport.json` of a model. It holds no time of its own: the same run gives the same export. */
export interface Passport extends RunFacts {
  /** What was written. */
  format: "onnx" | "safetensors" | "tfjs";
  /** The networks. */
  networks: ExportedNetwork[];
  /** Networks that the run never trained, with the reason. */
  leftOut: { name: string; reason: string }[];
  /** How agreement was measured. */
  parity: {
    /** Refused above this. */
    tolerance: number;
    /** Rows of noise that were compared. */
    rows: number;
    /** What was compared. */
    compared: string;
    /** What computed. */
    device: DeviceInfo;
    /** File with inputs and expected outputs, for other programs. */
    samples: string;
  };
  /** What belongs to the export besides this file. */
  files: ExportedFile[];
}

/** What a passport is made of. */
export interface PassportFacts extends Pick<Passport, "format" | "networks" | "leftOut" | "files"> {
  /** The run. */
  run: TrainedRun;
  /** What computed the samples. */
  device: DeviceInfo;
  /** Rows of noise. */
  rows: number;
  /** File of the samples. */
  samples: string;
}

/** Writes the passport of a model. */
export function makePassport(facts: PassportFacts): Passport {
  const { format, networks, leftOut, files, run, device, rows, samples } = facts;
  const compared = "the files read back, against the run's checkpoint, on noise";
  const parity = { tolerance: parityTolerance, rows, compared, device, samples };
  const preprocessing = describePreprocessing(run, format === "tfjs" ? "last" : "first");
  return { format, networks, leftOut, ...runFacts(run), preprocessing, parity, files };
}

/** What a run says of itself. */
export function runFacts(facts: TrainedRun): RunFacts {
  const { config, record, step, prepare, subjects, certificate, evaluations, trainedOn } = facts;
  const counted = (digests: string[]) => ({ count: digests.length, digests });
  const { train, validation, test } = subjects;
  return {
    program: { name: "sonospeech", version: project.version },
    notice: "For research. Not a medical device.",
    run: { createdAt: record.createdAt, step, trainedOn, start: record.start ?? null },
    seeds: { run: config.seed, split: prepare.seed },
    config,
    dataset: {
      contentHash: record.datasetId,
      prepare,
      subjects: { train: counted(train), validation: counted(validation), test: counted(test) },
      trainedOn: [...new Set([...train, ...record.start?.trainedOn ?? []])].sort(),
      certificate,
    },
    evaluations,
    preprocessing: describePreprocessing(facts),
  };
}
