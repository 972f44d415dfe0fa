/**
 * Maps that have not seen the picture; a model that does no better has learned nothing of it.
 *
 * @module
 */

import { gazeMapSize, type SaliencyMap } from "./gaze_map.ts";
import { need } from "./requirement.ts";
import { toDensity } from "./saliency.ts";

/** Every cell the same: AUC ½, NSS and CC 0. */
export function uniformMap([height, width]: readonly [number, number] = gazeMapSize): SaliencyMap {
  return { height, width, values: new Float64Array(height * width).fill(1 / (height * width)) };
}

/**
 * Where people look on average: the mean of the training pictures' gaze maps, mixed with a little of the uniform map so
 * that no cell is impossible.
 *
 * @param gazeMaps Of training subjects only, all of one size.
 * @param uniformShare Share of the uniform map; 0.01 when left out.
 * @throws SonospeechError `input` without maps or when sizes differ.
 */
export function centreBias(gazeMaps: readonly SaliencyMap[], uniformShare = 0.01): SaliencyMap {
  const action = "average gaze maps";
  need(gazeMaps.length > 0, action, "there must be one", 0);
  const [{ height, width }] = gazeMaps;
  const isEqual = gazeMaps.every((map) => map.height === height && map.width === width);
  need(isEqual, action, "all must have one size", gazeMaps.map((map) => `${map.height} × ${map.width}`));
  const values = new Float64Array(height * width).fill(uniformShare / (height * width));
  const weight = (1 - uniformShare) / gazeMaps.length;
  for (const map of gazeMaps) toDensity(map).forEach((share, i) => values[i] += weight * share);
  return { height, width, values };
}

/**
 * A Gaussian in the middle, in the proportions of the picture, for data without training fixations (after Tatler, 2007).
 *
 * @param sigmaShare Standard deviation as a share of height and width; ¼ when left out.
 */
export function centreGaussian(
  [height, width]: readonly [number, number] = gazeMapSize,
  sigmaShare = 0.25,
): SaliencyMap {
  const values = Float64Array.from({ length: height * width }, (_, i) => {
    const x = ((i % width) + 0.5) / width - 0.5;
    const y = (Math.floor(i / width) + 0.5) / height - 0.5;
    return Math.exp(-(x * x + y * y) / (2 * sigmaShare ** 2));
  });
  const total = values.reduce((sum, value) => sum + value, 0);
  return { height, width, values: values.map((value) => value / total) };
}
