/**
 * Devices compute what they should: operations, their gradients and one training step against float64 loops.
 *
 * @module
 */

import { SonospeechError } from "../errors.ts";
import { Random } from "../random.ts";
import { type Shape, sizeOf } from "../shape.ts";
import { gradients } from "../tensor/autodiff.ts";
import { createExecutor, describeAdapters } from "../tensor/device.ts";
import type { Executor, Tensor, TrainingGraph } from "../tensor/executor.ts";
import {
  batchMoments,
  batchNorm,
  conv2d,
  input,
  logSoftmax,
  matMul,
  maxPool,
  multiply,
  type Node,
  parameter,
  reduceMean,
  reduceSum,
} from "../tensor/graph.ts";
import { initializeParameters } from "../tensor/parameters.ts";
import { evaluateReference } from "../tensor/reference.ts";
import { type Finding, findingsOf, notTried, type SecurityCheck } from "./security_check.ts";

/** Largest difference that rounding may make, as a share of the result (relative L2). */
const tolerance = 1e-5;
/** The same for what a step changes, which is a small difference of two rounded parameters. */
const stepTolerance = 1e-4;
const learningRate = 0.5;

/** A graph of inputs `x0`, `x1`, … */
interface Operation {
  name: string;
  shapes: Shape[];
  build: (...inputs: Node[]) => Node;
}

const operations: Operation[] = [
  { name: "product of matrices", shapes: [[17, 23], [23, 9]], build: (a, b) => matMul(a, b) },
  {
    name: "convolution, stride 2",
    shapes: [[2, 9, 8, 4], [3, 3, 4, 8]],
    build: (x, filter) => conv2d(x, filter, { stride: 2 }),
  },
  { name: "largest of windows", shapes: [[2, 8, 6, 4]], build: (x) => maxPool(x, 2) },
  { name: "logarithm of softmax", shapes: [[5, 7]], build: (x) => logSoftmax(x) },
  {
    name: "batch normalization",
    shapes: [[3, 4, 5, 4], [4], [4]],
    build: (x, gamma, beta) => batchNorm(x, batchMoments(x), gamma, beta, { relu: true }),
  },
];

/** Checks every kind of device that this machine has. */
export async function checkDevices(): Promise<SecurityCheck> {
  const findings: Finding[] = [];
  const [adapter] = await describeAdapters();
  for (const kind of ["webgpu", "wasm", "cpu"] as const) {
    const what = `operations and a training step on ${kind}`;
    const must = "as in float64";
    if (kind === "webgpu" && !adapter) {
      findings.push(notTried(what, must, "this machine has no graphics adapter"));
      continue;
    }
    findings.push(
      ...await findingsOf(what, must, async () => {
        const executor = await createExecutor(kind);
        try {
          return await deviceFindings(executor);
        } finally {
          await executor.dispose();
        }
      }),
    );
  }
  return {
    id: "devices",
    title: "Devices compute what they should",
    method:
      "Each operation with its gradients, and one training step of a small network, beside the same in plain " +
      "float64 loops; the difference is relative (L2).",
    findings,
    facts: [[
      "graphics adapter",
      adapter ? `${adapter.name}${adapter.isHardware ? "" : " (software)"}` : "none",
    ]],
  };
}

/** What one device computes beside the reference. */
export async function deviceFindings(executor: Executor): Promise<Finding[]> {
  const { kind, name } = executor.device;
  const findings: Finding[] = [];
  for (const operation of operations) {
    findings.push(
      agreement(`${kind} (${name}): ${operation.name}`, await operationError(executor, operation), tolerance),
    );
  }
  findings.push(agreement(`${kind} (${name}): a training step`, await stepError(executor), stepTolerance));
  return findings;
}

function agreement(what: string, error: number, limit: number): Finding {
  const must = `at most ${limit.toExponential(0)}`;
  // What is not a number is no agreement.
  return { what, must, found: error.toExponential(1), holds: error <= limit };
}

function draw(shape: Shape, name: string): Tensor {
  const random = new Random(7, "selftest", name);
  return { shape, data: Float32Array.from({ length: sizeOf(shape) }, () => random.normal()) };
}

/** The largest relative error of an operation's result and gradients. */
async function operationError(executor: Executor, { name, shapes, build }: Operation): Promise<number> {
  const inputs = shapes.map((shape, i) => input(`x${i}`, shape));
  const output = build(...inputs);
  const weights = input("weights", output.shape);
  const nodes = [output, ...gradients(reduceSum(multiply(output, weights)), inputs)];
  const feeds = new Map([...inputs, weights].map((node, i) => {
    const key = i < inputs.length ? `x${i}` : "weights";
    return [key, draw(node.shape, `${name} ${key}`)];
  }));
  const expected = evaluateReference(nodes, feeds, new Map());
  const program = await executor.compileInference(
    Object.fromEntries(nodes.map((node, i) => [`y${i}`, node])),
    new Map(),
  );
  try {
    const actual = await program.run(feeds);
    return Math.max(...nodes.map((_, i) => relativeError(actual.get(`y${i}`)!.data, expected[i].data)));
  } finally {
    program.dispose();
  }
}

/** The largest relative error of the parameters after one step of plain gradient descent. */
async function stepError(executor: Executor): Promise<number> {
  const weight = (name: string, shape: Shape) =>
    parameter({ name, initializer: { kind: "heNormal", fanIn: 8 }, trainable: true, isWeight: true }, shape);
  const [filter, dense] = [weight("filter", [3, 3, 1, 8]), weight("dense", [8, 5])];
  const features = reduceMean(maxPool(conv2d(input("pictures", [4, 10, 8, 1]), filter), 2), [1, 2]);
  const objective = reduceMean(multiply(logSoftmax(matMul(features, dense)), input("targets", [4, 5])));
  const graph: TrainingGraph = {
    objective,
    outputs: {},
    stateUpdates: [],
    optimizer: { kind: "sgd", momentum: 0, weightDecay: 0, decayBiasAndNorm: false },
    clipNorm: Infinity,
  };
  const feeds = new Map([["pictures", draw([4, 10, 8, 1], "pictures")], [
    "targets",
    draw([4, 5], "targets"),
  ]]);
  const parameters = initializeParameters([objective], 7);
  const slopes = evaluateReference(gradients(objective, [filter, dense]), feeds, parameters);
  const program = await executor.compileTraining(graph, parameters);
  try {
    const { applied } = await program.step(feeds, { learningRate, step: 0 });
    if (!applied) {
      throw new SonospeechError("device", { action: "train a step", must: "its values must be finite" });
    }
    const state = await program.readState();
    return Math.max(...["filter", "dense"].map((name, i) => {
      const before = parameters.get(name)!.data;
      // Of the change, not of the parameters: they would hide a wrong gradient.
      const change = state.get(name)!.data.map((value, j) => before[j] - value);
      return relativeError(change, slopes[i].data.map((slope) => learningRate * slope));
    }));
  } finally {
    program.dispose();
  }
}

/** √(Σ (a − b)² / Σ b²). */
function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0, total = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i] - expected[i]) ** 2;
    total += expected[i] ** 2;
  }
  return Math.sqrt(difference / total);
}
