/**
 * Which of this machine's devices trains faster, found by training a small network on each.
 *
 * @module
 */

import { Random } from "../random.ts";
import { sizeOf } from "../shape.ts";
import type { Executor, Tensor, TrainingGraph } from "./executor.ts";
import {
  batchMoments,
  batchNorm,
  conv2d,
  input,
  matMul,
  type Node,
  parameter,
  reduceMean,
  square,
} from "./graph.ts";
import { initializeParameters } from "./parameters.ts";

/** Steps whose results are read together, as in training: reading makes a graphics adapter wait. */
const block = 8;
const images = [16, 64, 64, 1];
const widths = [32, 64, 128];

/** Three strided convolutions with batch normalization and a product: about 10⁹ operations a step, as small networks have. */
function trialGraph(): TrainingGraph {
  const weight = (name: string, shape: number[]) =>
    parameter({
      name,
      initializer: { kind: "heNormal", fanIn: sizeOf(shape) / shape[shape.length - 1] },
      trainable: true,
      isWeight: true,
    }, shape);
  const vector = (name: string, value: number, size: number) =>
    parameter({ name, initializer: { kind: "constant", value }, trainable: true, isWeight: false }, [size]);
  const x = widths.reduce((x: Node, width, i) => {
    const y = conv2d(x, weight(`conv${i}`, [3, 3, x.shape[3], width]), { stride: 2 });
    const [gamma, beta] = [vector(`gamma${i}`, 1, width), vector(`beta${i}`, 0, width)];
    return batchNorm(y, batchMoments(y), gamma, beta, { relu: true });
  }, input("images", images));
  const width = widths[widths.length - 1];
  return {
    objective: reduceMean(square(matMul(reduceMean(x, [1, 2]), weight("dense", [width, width])))),
    outputs: {},
    stateUpdates: [],
    optimizer: { kind: "sgd", momentum: 0.9, weightDecay: 0, decayBiasAndNorm: false },
    clipNorm: Infinity,
  };
}

/**
 * Milliseconds of one training step of the trial's network on a device.
 *
 * @param enough A step that takes longer than this ends the trial: the device has lost.
 * @throws SonospeechError `device` when the device fails.
 */
export async function trialMilliseconds(executor: Executor, enough = Infinity): Promise<number> {
  const graph = trialGraph();
  const program = await executor.compileTraining(graph, initializeParameters([graph.objective], 1));
  const random = new Random(1, "trial");
  const data = Float32Array.from({ length: sizeOf(images) }, () => random.normal());
  const feeds = new Map<string, Tensor>([["images", { shape: images, data }]]);
  let step = 0;
  const time = async (steps: number) => {
    const start = performance.now();
    const last = step + steps;
    for (; step < last; step++) {
      const result = program.step(feeds, { learningRate: 1e-4, step, deferred: step < last - 1 });
      if (step === last - 1) await result;
      else result.catch(() => {}); // the last one fails, too
    }
    return (performance.now() - start) / steps;
  };
  try {
    await time(1); // drivers and WebAssembly compile at the first run
    const alone = await time(1);
    return alone > enough ? alone : Math.min(await time(block), await time(block));
  } finally {
    program.dispose();
  }
}
