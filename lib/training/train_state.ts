/**
 * Where a run stands, to and from its checkpoints.
 *
 * @module
 */

import type { SplitCertificate } from "../data/split_certificate.ts";
import { SonospeechError } from "../errors.ts";
import type { Pace } from "../pacing/pace.ts";
import type { CheckpointStore } from "../records/checkpoint_store.ts";
import type { SafetensorsTensor } from "../records/safetensors.ts";
import type { Tensor, TrainingProgram } from "../tensor/executor.ts";

/** Where a run stands besides its tensors; batches follow from the step and the seed. */
export interface TrainState {
  /** Optimizer steps done. */
  step: number;
  /** Best validation score so far; −Infinity before the first evaluation. */
  bestScore: number;
  /** The step of the last end-of-epoch evaluation; 0 before the first. */
  evaluatedStep: number;
}

/** Where a run goes on. */
export interface RestoredState {
  /** Where it stands. */
  state: TrainState;
  /** Names of newer checkpoints that were passed over because they cannot be read. */
  brokenCheckpoints: readonly string[];
}

/** What a checkpoint saves and restores besides {@linkcode TrainState}. */
export interface TrainedParts {
  /** Parameters and optimizer state. */
  program: TrainingProgram;
  /** Affinities and weights. */
  pace: Pace;
}

/** What a checkpoint says of the data behind it. */
export interface Provenance {
  /** The dataset's content hash. */
  datasetId: string;
  /** That nothing of the other splits was trained on. */
  certificate: SplitCertificate;
}

const pacePrefix = "pace.";

/** Writes the program's and the pace's tensors and the state. @returns The checkpoint's file name. */
export async function saveState(
  checkpoints: CheckpointStore,
  { program, pace }: TrainedParts,
  state: TrainState,
  { datasetId, certificate }: Provenance,
  isBest: boolean,
): Promise<string> {
  const tensors = new Map<string, SafetensorsTensor>();
  for (const [name, { shape, data }] of await program.readState()) {
    tensors.set(name, { dtype: "F32", shape, data });
  }
  for (const [name, data] of pace.readState()) {
    tensors.set(pacePrefix + name, { dtype: "F32", shape: [data.length], data });
  }
  const metadata = {
    bestScore: String(state.bestScore),
    evaluatedStep: String(state.evaluatedStep),
    datasetId,
    certificate: JSON.stringify(certificate),
  };
  return await checkpoints.save({ step: state.step, tensors, metadata }, { isBest });
}

/**
 * Puts the newest checkpoint into the program and the pace; a run without one starts at step 0.
 *
 * @throws SonospeechError `store` when checkpoints exist but none can be read, or the data or its certificate
 * is not the same.
 */
export async function restoreState(
  checkpoints: CheckpointStore,
  { program, pace }: TrainedParts,
  { datasetId, certificate }: Provenance,
): Promise<RestoredState> {
  const { checkpoint, broken } = await checkpoints.newest();
  if (!checkpoint) {
    if (broken.length === 0) {
      return { state: { step: 0, bestScore: -Infinity, evaluatedStep: 0 }, brokenCheckpoints: [] };
    }
    throw new SonospeechError("store", {
      action: "resume the run",
      must: "at least one checkpoint must be readable",
      received: broken.map(({ file, reason }) => `${file}: ${reason}`).join("; "),
      hint: "start a new run, or remove the broken files to start this one again",
    });
  }
  if (checkpoint.metadata.datasetId !== datasetId) {
    throw new SonospeechError("store", {
      action: `resume the run from step ${checkpoint.step}`,
      must: `the dataset must be the one it was trained on, ${checkpoint.metadata.datasetId}`,
      received: datasetId,
      hint: "start a new run for the new dataset",
    });
  }
  if (checkpoint.metadata.certificate !== JSON.stringify(certificate)) {
    throw new SonospeechError("store", {
      action: `resume the run from step ${checkpoint.step}`,
      must: "its checkpoint must carry the dataset's split certificate",
      received: checkpoint.metadata.certificate === undefined ? "none" : "another one",
      hint: "start a new run",
    });
  }
  const tensors = [...floatTensors(checkpoint.tensors)];
  const ofPace = tensors.filter(([name]) => name.startsWith(pacePrefix));
  program.writeState(new Map(tensors.filter(([name]) => !name.startsWith(pacePrefix))));
  pace.writeState(new Map(ofPace.map(([name, { data }]) => [name.slice(pacePrefix.length), data])));
  const { bestScore, evaluatedStep } = checkpoint.metadata;
  return {
    state: { step: checkpoint.step, bestScore: Number(bestScore), evaluatedStep: Number(evaluatedStep) },
    brokenCheckpoints: broken.map(({ file }) => file),
  };
}

/** The float32 tensors of a checkpoint. @throws SonospeechError `store` on another type. */
export function floatTensors(tensors: ReadonlyMap<string, SafetensorsTensor>): Map<string, Tensor> {
  const out = new Map<string, Tensor>();
  for (const [name, { shape, data }] of tensors) {
    if (!(data instanceof Float32Array)) {
      throw new SonospeechError("store", {
        action: "read a checkpoint",
        must: `${name} must be float32`,
        received: data.constructor.name,
      });
    }
    out.set(name, { shape, data });
  }
  return out;
}
