/**
 * g_v: frames to features.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import { input, type InputType, type Node } from "../tensor/graph.ts";
import { encodeMap } from "./encoder.ts";
import { encoderTable } from "./encoder_table.ts";
import type { NetworkContext } from "./network_context.ts";

/** The input `frames`, `[count, H, W, 1]`, grey, of the config's frame size. */
export function framesInput(model: RunConfig["model"], count: number, type?: InputType): Node {
  return input("frames", [count, ...model.frameSize, 1], type);
}

/**
 * The map of features of each frame, before the mean over the picture; parameters `video.*`.
 *
 * @param frames `[B, H, W, 1]`.
 * @returns `[B, H', W', E]`.
 */
export function videoFeatureMap(context: NetworkContext, model: RunConfig["model"], frames: Node): Node {
  return encodeMap(context.scope("video"), encoderTable(model.encoder, model.widthMultiplier), frames);
}
