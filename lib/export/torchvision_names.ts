/**
 * torchvision's ResNet-18 under our names, for the video encoder.
 *
 * Its pictures have three channels and ours one: a grey picture is the same in all three, so the first filters are
 * summed over them. Its classifier is left out.
 *
 * @see https://pytorch.org/vision/stable/models/resnet.html
 * @module
 */

import type { Tensor, Tensors } from "../tensor/executor.ts";
import { fromTorch } from "./torch_names.ts";

const names: readonly (readonly [RegExp, string])[] = [
  [/^(conv1|bn1)\./, "stem.$1."],
  [/^layer(\d)\./, "stage$1."],
  [/\.downsample\.0\./, ".conv_shortcut."],
  [/\.downsample\.1\./, ".norm_shortcut."],
  [/\bbn(\d)\./, "norm$1."],
];

/** Whether tensors have torchvision's names. */
export function isTorchvision(tensors: Tensors): boolean {
  return tensors.has("conv1.weight") && tensors.has("layer1.0.conv1.weight");
}

/** Renames and turns a ResNet of basic blocks into parameters of the video encoder. */
export function fromTorchvision(tensors: Tensors): Map<string, Tensor> {
  const renamed = [...tensors].filter(([name]) => !name.startsWith("fc.")).map(([name, tensor]) => {
    const ours = names.reduce((text, [from, to]) => text.replace(from, to), name);
    return [`video_encoder.${ours}`, name === "conv1.weight" ? grey(tensor) : tensor] as const;
  });
  return fromTorch(new Map(renamed));
}

/** Filters `[K, 3, H, W]` summed over colours. */
function grey({ shape, data }: Tensor): Tensor {
  const [count, colours, height, width] = shape;
  const size = height * width;
  const out = new Float32Array(count * size);
  data.forEach((value, i) => out[Math.floor(i / (colours * size)) * size + i % size] += value);
  return { shape: [count, 1, height, width], data: out };
}
