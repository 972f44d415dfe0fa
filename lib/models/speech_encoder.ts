/**
 * g_s: spectrograms to features; the video encoder's architecture with weights of its own.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import { input, type InputType, type Node } from "../tensor/graph.ts";
import { encodeMap } from "./encoder.ts";
import { encoderTable } from "./encoder_table.ts";
import type { NetworkContext } from "./network_context.ts";

/** An input of spectrograms, `[count, M, F, 1]`, of the config's speech size. */
export function speechInput(
  model: RunConfig["model"],
  count: number,
  name = "speech",
  type?: InputType,
): Node {
  return input(name, [count, ...model.speechSize, 1], type);
}

/**
 * The map of features of each spectrogram, before the mean over it; parameters `speech.*`.
 *
 * @param speech `[B, M, F, 1]`.
 * @returns `[B, M', F', E]`.
 */
export function speechFeatureMap(context: NetworkContext, model: RunConfig["model"], speech: Node): Node {
  return encodeMap(context.scope("speech"), encoderTable(model.encoder, model.widthMultiplier), speech);
}
