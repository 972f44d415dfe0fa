/**
 * What the transfer tasks share: the video encoder, fine-tuned or frozen, beside a head that is trained.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import type { TrainingGraph } from "../tensor/executor.ts";
import { createNetworkContext, type NetworkContext, type StateUpdate } from "./network_context.ts";

/** Whether training changes the encoder or only the head on it. */
export type EncoderUse = "fineTuned" | "frozen";

/** What a training step needs beside its graph. */
export interface TransferStep extends Pick<TrainingGraph, "optimizer" | "clipNorm"> {
  /** A frozen encoder keeps its weights and normalizes by its running moments, as at work. */
  encoder: EncoderUse;
}

/** Two places in one network. */
export interface TransferNetwork {
  /** Where the encoder takes its parameters from. */
  encoder: NetworkContext;
  /** Where the head takes its own from. */
  head: NetworkContext;
  /** What training does to the running moments of both. */
  stateUpdates(): StateUpdate[];
}

/** An empty network for one of the transfer tasks; parameters have the same names in every use. */
export function buildTransferNetwork(
  { batchNormMomentum }: RunConfig["model"],
  use: EncoderUse | "inference",
): TransferNetwork {
  const head = createNetworkContext({ mode: use === "inference" ? use : "train", batchNormMomentum });
  if (use !== "frozen") return { encoder: head, head, stateUpdates: () => head.stateUpdates() };
  const encoder = fixed(createNetworkContext({ mode: "inference", batchNormMomentum }));
  return { encoder, head, stateUpdates: () => head.stateUpdates() };
}

/** The same place, whose parameters no step changes: without gradients, weight decay would still shrink them. */
function fixed(context: NetworkContext): NetworkContext {
  return {
    ...context,
    scope: (name) => fixed(context.scope(name)),
    parameter: (name, info, shape) => context.parameter(name, { ...info, trainable: false }, shape),
  };
}
