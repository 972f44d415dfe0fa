/**
 * The convolutional encoder that both modalities use, built from its table.
 *
 * @module
 */

import { add, maxPool, type Node, relu } from "../tensor/graph.ts";
import type { EncoderStage, EncoderTable } from "./encoder_table.ts";
import { convolutionBlock, squeezeExcitation } from "./layers.ts";
import type { NetworkContext } from "./network_context.ts";

/**
 * Pictures to a map of features.
 *
 * Parameters `stem.*`, then `stage1.0.conv1.weight` and so on.
 *
 * @param x `[B, H, W, 1]`.
 * @returns `[B, H', W', E]`.
 */
export function encodeMap(context: NetworkContext, table: EncoderTable, x: Node): Node {
  const stem = table.stemWidth > 0 ? stemBlock(context.scope("stem"), x, table.stemWidth) : x;
  return table.stages.reduce(
    (y, stage, i) => stageBlocks(context.scope(`stage${i + 1}`), y, stage),
    stem,
  );
}

function stemBlock(context: NetworkContext, x: Node, width: number): Node {
  return maxPool(convolutionBlock(context, x, "1", { width, kernel: 7, stride: 2 }), 3, {
    stride: 2,
    padding: 1,
  });
}

function stageBlocks(context: NetworkContext, x: Node, stage: EncoderStage): Node {
  let y = x;
  for (let i = 0; i < stage.repeats; i++) {
    y = block(context.scope(String(i)), y, stage, i === 0 ? stage.stride : 1);
  }
  return y;
}

function block(context: NetworkContext, x: Node, stage: EncoderStage, stride: number): Node {
  switch (stage.block) {
    case "convolution":
      return convolutionBlock(context, x, "1", { width: stage.outWidth, kernel: 3, stride });
    case "basic":
      return relu(add(basicBranch(context, x, stage, stride), shortcut(context, x, stage, stride)));
    case "squeezeExcitedBottleneck":
      return relu(add(bottleneckBranch(context, x, stage, stride), shortcut(context, x, stage, stride)));
  }
}

/** He et al., CVPR 2016, figure 5 left. */
function basicBranch(context: NetworkContext, x: Node, stage: EncoderStage, stride: number): Node {
  const { width, outWidth, dilation } = stage;
  const y = convolutionBlock(context, x, "1", { width, kernel: 3, stride, dilation });
  return convolutionBlock(context, y, "2", { width: outWidth, kernel: 3, dilation, relu: false });
}

/** Xie et al., CVPR 2017, figure 3 (c), with Hu et al., CVPR 2018, figure 3; the stride is in the 3×3 convolution. */
function bottleneckBranch(context: NetworkContext, x: Node, stage: EncoderStage, stride: number): Node {
  const { width, outWidth, dilation, cardinality, squeezeHidden } = stage;
  const a = convolutionBlock(context, x, "1", { width, kernel: 1 });
  const b = convolutionBlock(context, a, "2", { width, kernel: 3, stride, dilation, groups: cardinality });
  const c = convolutionBlock(context, b, "3", { width: outWidth, kernel: 1, relu: false });
  return squeezeExcitation(context, c, squeezeHidden);
}

/** The input itself, or its strided projection where size or width change. */
function shortcut(context: NetworkContext, x: Node, stage: EncoderStage, stride: number): Node {
  if (stride === 1 && x.shape[3] === stage.outWidth) return x;
  return convolutionBlock(context, x, "Shortcut", { width: stage.outWidth, kernel: 1, stride, relu: false });
}
