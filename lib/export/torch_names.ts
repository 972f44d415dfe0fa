/**
 * A dual encoder's parameters under PyTorch's names and in PyTorch's order of axes, and back.
 *
 * | ours                                  | PyTorch's                                                     |
 * | ------------------------------------- | ------------------------------------------------------------- |
 * | `video.stage1.0.conv1.weight` HWIO    | `video_encoder.stage1.0.conv1.weight` OIHW                     |
 * | `video.stem.norm1.gamma`, `.beta`     | `video_encoder.stem.norm1.weight`, `.bias`                     |
 * | `video.stem.norm1.moments` `[2, C]`   | `video_encoder.stem.norm1.running_mean`, `.running_var` `[C]`  |
 * | `videoProjection.hidden.weight` `[I, O]` | `video_projection.hidden.weight` `[O, I]`                   |
 * | `temperature.log`                     | `log_temperature`                                             |
 *
 * @module
 */

import type { Tensor, Tensors } from "../tensor/executor.ts";

/** First parts of names, ours and PyTorch's. */
const parts: readonly (readonly [string, string])[] = [
  ["video", "video_encoder"],
  ["speech", "speech_encoder"],
  ["videoProjection", "video_projection"],
  ["speechProjection", "speech_projection"],
  ["correlation", "correlation_head"],
  ["order", "order_head"],
];

/** PyTorch's names of the parts of a dual encoder. */
export type TorchPart =
  | "video_encoder"
  | "speech_encoder"
  | "video_projection"
  | "speech_projection"
  | "correlation_head"
  | "order_head";

/** The parts that parameters of ours belong to. */
export function torchParts(parameters: Tensors): TorchPart[] {
  const names = [...parameters.keys()];
  return parts.filter(([ours]) => names.some((name) => name.startsWith(`${ours}.`)))
    .map(([, theirs]) => theirs as TorchPart);
}

/** Renames and turns parameters; what belongs to no part of a dual encoder (the optimizer's state) is left out. */
export function toTorch(parameters: Tensors): Map<string, Tensor> {
  const out = new Map<string, Tensor>();
  for (const [name, tensor] of parameters) {
    if (name === "temperature.log") out.set("log_temperature", tensor);
    const theirs = renamed(name, 0, 1);
    if (theirs === undefined) continue;
    const place = theirs.replaceAll("Shortcut", "_shortcut");
    if (place.endsWith(".moments")) {
      const [, channels] = tensor.shape;
      const of = (row: number) => ({
        shape: [channels],
        data: tensor.data.slice(row * channels, (row + 1) * channels),
      });
      out.set(place.replace(/moments$/, "running_mean"), of(0));
      out.set(place.replace(/moments$/, "running_var"), of(1));
    } else {
      out.set(place.replace(/gamma$/, "weight").replace(/beta$/, "bias"), turned(tensor, toTorchAxes));
    }
  }
  return out;
}

/** The inverse of {@linkcode toTorch}; what has no name of ours is left out. */
export function fromTorch(tensors: Tensors): Map<string, Tensor> {
  const out = new Map<string, Tensor>();
  for (const [name, tensor] of tensors) {
    if (name === "log_temperature") out.set("temperature.log", tensor);
    const place = renamed(name, 1, 0)?.replaceAll("_shortcut", "Shortcut");
    if (place === undefined || place.endsWith(".running_var") || place.endsWith(".num_batches_tracked")) {
      continue;
    }
    if (place.endsWith(".running_mean")) {
      const variances = tensors.get(name.replace(/mean$/, "var"));
      const channels = tensor.data.length;
      if (variances?.data.length !== channels) continue;
      const data = new Float32Array(2 * channels);
      data.set(tensor.data);
      data.set(variances.data, channels);
      out.set(place.replace(/running_mean$/, "moments"), { shape: [2, channels], data });
    } else if (/\.norm\w+\.\w+$/.test(place)) {
      out.set(place.replace(/weight$/, "gamma").replace(/bias$/, "beta"), tensor);
    } else out.set(place, turned(tensor, toOurAxes));
  }
  return out;
}

function renamed(name: string, from: 0 | 1, to: 0 | 1): string | undefined {
  const part = parts.find((pair) => name.startsWith(`${pair[from]}.`));
  return part && part[to] + name.slice(part[from].length);
}

/** Filters HWIO to OIHW, and matrices `[I, O]` to `[O, I]`. */
const toTorchAxes: Readonly<Record<number, readonly number[]>> = { 4: [3, 2, 0, 1], 2: [1, 0] };
const toOurAxes: Readonly<Record<number, readonly number[]>> = { 4: [2, 3, 1, 0], 2: [1, 0] };

/** A tensor with its axes in another order; those of other ranks stay. */
function turned(tensor: Tensor, orders: typeof toTorchAxes): Tensor {
  const order = orders[tensor.shape.length];
  if (!order) return tensor;
  const shape = order.map((axis) => tensor.shape[axis]);
  const steps = order.map((axis) => tensor.shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const data = new Float32Array(tensor.data.length);
  const index = new Array<number>(shape.length).fill(0);
  let source = 0;
  for (let i = 0; i < data.length; i++) {
    data[i] = tensor.data[source];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      source += steps[axis];
      if (++index[axis] < shape[axis]) break;
      source -= steps[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return { shape, data };
}
