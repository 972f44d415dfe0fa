/**
 * The encoders' architectures as tables: what differs between them is data.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";

/** The name of an encoder in the config. */
export type EncoderName = RunConfig["model"]["encoder"];

/** Blocks of one kind in a row; the first one may reduce the size. */
export interface EncoderStage {
  /**
   * One 3×3 convolution; two 3×3 convolutions with a shortcut; or 1×1, grouped 3×3, 1×1, squeeze and excitation
   * with a shortcut.
   */
  block: "convolution" | "basic" | "squeezeExcitedBottleneck";
  /** Blocks in the stage. */
  repeats: number;
  /** Channels inside the block. */
  width: number;
  /** Channels that leave it. */
  outWidth: number;
  /** Stride of the first block. */
  stride: number;
  /** Dilation of every 3×3 convolution of the stage. */
  dilation: number;
  /** Groups of the 3×3 convolutions. */
  cardinality: number;
  /** Hidden width of squeeze and excitation; 0 where there is none. */
  squeezeHidden: number;
}

/** An encoder: an optional 7×7/2 stem with 3×3/2 max-pool, then stages, then the mean over the picture. */
export interface EncoderTable {
  /** Channels of the stem; 0 for none. */
  stemWidth: number;
  /** In the order they are applied. */
  stages: readonly EncoderStage[];
}

const undilated = { dilation: 1, cardinality: 1, squeezeHidden: 0 };

function convolution(width: number): EncoderStage {
  return { block: "convolution", repeats: 1, width, outWidth: width, stride: 2, ...undilated };
}

function basic(width: number, stride: number): EncoderStage {
  return { block: "basic", repeats: 2, width, outWidth: width, stride, ...undilated };
}

/** Half the width of ResNeXt-50 (32×4d): as many channels leave as twice the inner width. */
function bottleneck(width: number, repeats: number, stride: number, dilation: number): EncoderStage {
  return {
    block: "squeezeExcitedBottleneck",
    repeats,
    width,
    outWidth: 2 * width,
    stride,
    dilation,
    cardinality: 16,
    squeezeHidden: width / 8,
  };
}

/**
 * Every encoder at width multiplier 1.
 *
 * - `plain`: five strided convolutions, for the demo; the last one sees 63 bands, so that it can tell low from high
 *   sounds, which it could not from the mean alone.
 * - `resnet18`: He et al., CVPR 2016, table 1.
 * - `seResNeXt50`: the half-width dilated form of Droste et al., IPMI 2019, table 1: the last two stages keep the
 *   size of the second one (28 × 36 for 224 × 288) and see as far with dilations 2 and 4.
 */
export const encoderTables: Readonly<Record<EncoderName, EncoderTable>> = {
  plain: { stemWidth: 0, stages: [16, 32, 64, 128, 192].map(convolution) },
  resnet18: { stemWidth: 64, stages: [basic(64, 1), basic(128, 2), basic(256, 2), basic(512, 2)] },
  seResNeXt50: {
    stemWidth: 64,
    stages: [
      bottleneck(64, 3, 1, 1),
      bottleneck(128, 4, 2, 1),
      bottleneck(256, 6, 1, 2),
      bottleneck(512, 3, 1, 4),
    ],
  },
};

/** `width · multiplier`, rounded to a positive multiple of `step`. */
function scaled(width: number, multiplier: number, step = 1): number {
  return Math.max(1, Math.round(width * multiplier / step)) * step;
}

/** The table with every width multiplied; grouped widths stay multiples of the cardinality. */
export function encoderTable(name: EncoderName, widthMultiplier: number): EncoderTable {
  const { stemWidth, stages } = encoderTables[name];
  return {
    stemWidth: stemWidth && scaled(stemWidth, widthMultiplier),
    stages: stages.map((stage) => ({
      ...stage,
      width: scaled(stage.width, widthMultiplier, stage.cardinality),
      outWidth: scaled(stage.outWidth, widthMultiplier, stage.cardinality),
      squeezeHidden: stage.squeezeHidden && scaled(stage.squeezeHidden, widthMultiplier),
    })),
  };
}

/** The width E of the features an encoder gives. */
export function featureWidth(name: EncoderName, widthMultiplier: number): number {
  return encoderTable(name, widthMultiplier).stages.at(-1)!.outWidth;
}
