/** Networks of inference that put the writers of other formats to the test. @module */

import type { NetworkOfBatch } from "../../../lib/export/network_of_batch.ts";
import type { Shape } from "../../../lib/shape.ts";
import * as graph from "../../../lib/tensor/graph.ts";
import { type OperationCase, operationCases } from "../tensor/operation_cases.ts";

/** A parameter of any use. */
export function weights(name: string, shape: Shape): graph.Node {
  const initializer = { kind: "constant", value: 0 } as const;
  return graph.parameter({ name, initializer, trainable: true, isWeight: true }, shape);
}

/** Operations of inference; filters and moments are parameters then, and are in the networks below. */
export const cases = operationCases.filter(({ name }) => !/^batch/.test(name));

/** An operation's network; filters are parameters. */
export function buildOperation({ name, shapes, build }: OperationCase): graph.Node {
  const isFilter = (i: number) => name.startsWith("conv2d") && i === 1;
  return build(
    ...shapes.map((shape, i) => isFilter(i) ? weights(`x${i}`, shape) : graph.input(`x${i}`, shape)),
  );
}

const picture = (batch: number) => graph.input("x", [batch, 6, 5, 3]);
const convolved = (batch: number) => graph.conv2d(picture(batch), weights("filter.weight", [3, 3, 3, 4]));
const normalized = (x: graph.Node, relu: boolean) => {
  const channels = x.shape.at(-1)!;
  const [gamma, beta] = ["gamma", "beta"].map((name) => weights(name, [channels]));
  return graph.batchNorm(x, weights("moments", [2, channels]), gamma, beta, { relu });
};

/** By what they are. */
const networks: Record<string, (batch: number) => graph.Node | Record<string, graph.Node>> = {
  "a convolution that is normalized": (b) => normalized(convolved(b), true),
  "a convolution that is normalized and used besides": (b) => {
    const y = convolved(b);
    return graph.add(normalized(y, false), y);
  },
  "a convolution that is normalized and an output": (b) => {
    const y = convolved(b);
    return { y, z: normalized(y, false) };
  },
  "pictures that are normalized": (b) => normalized(picture(b), true),
  "rows that are normalized": (b) => normalized(graph.input("x", [b, 7]), false),
  "a mean over pixels": (b) => graph.reduceMean(convolved(b), [1, 2]),
  "a mean over pixels that keeps them": (b) => graph.reduceMean(convolved(b), [1, 2], true),
  "a mean whose sum is used besides": (b) => {
    const sum = graph.reduceSum(convolved(b), [1, 2]);
    return graph.add(graph.affine(sum, 1 / 30), sum);
  },
  "a sum that is scaled, but to no mean": (b) => graph.affine(graph.reduceSum(convolved(b), [1, 2]), 0.5),
  "a sum over channels": (b) => graph.reduceSum(convolved(b), [3]),
  "a sum over rows of pixels": (b) => graph.reduceSum(convolved(b), [1]),
  "a sum over rows of pixels that keeps them": (b) => graph.reduceSum(convolved(b), [1], true),
  "a sum over everything": (b) => graph.reduceSum(convolved(b)),
  "pictures side by side": (b) => graph.concat([convolved(b), graph.input("z", [b, 6, 5, 3])], 3),
  "a cut picture": (b) => graph.slice(convolved(b), [0, 1, 0, 2], [b, 4, 5, 2]),
  "a cut that takes all": (b) => graph.slice(convolved(b), [0, 0, 0, 0], [b, 6, 5, 4]),
  "a padded picture": (b) => graph.pad(convolved(b), [0, 1, 0, 2], [b, 8, 5, 7]),
  "a flattened picture": (b) => graph.reshape(convolved(b), [b, 120]),
  "pixels as rows": (b) => graph.reshape(convolved(b), [b * 30, 4]),
  "a turned picture": (b) => graph.transpose(convolved(b), [0, 3, 2, 1]),
  "a picture and its channels' gates": (b) => graph.multiply(convolved(b), graph.input("gate", [b, 1, 1, 4])),
  "a picture and a vector": (b) => graph.add(convolved(b), weights("offset", [4])),
  "a picture and a scalar": (b) => graph.divide(convolved(b), graph.constant(3)),
  "pixels of unit length": (b) => graph.l2Normalize(convolved(b)),
  "probabilities of every pixel": (b) => graph.softmax(convolved(b)),
  "a convolution of a turned picture": (b) =>
    graph.conv2d(graph.transpose(graph.input("x", [b, 3, 5, 6]), [0, 2, 3, 1]), weights("w", [1, 1, 3, 2])),
  "stretched columns": (b) => graph.broadcastTo(graph.input("x", [b, 1, 3]), [b, 4, 3]),
  "a passed-on picture": (b) => graph.relu(graph.stopGradient(convolved(b))),
  "an input as output": (b) => ({ y: picture(b) }),
  "a parameter as output": (b) => ({ y: weights("w", [2, 3]), z: graph.relu(graph.input("x", [b, 3])) }),
  "one value under two names": (b) => {
    const y = graph.relu(convolved(b));
    return { y, z: y, pooled: graph.maxPool(y, 3, { stride: 2, padding: 1 }) };
  },
};

/** Every network, by what it is, with its outputs by name. */
export const networkCases: readonly (readonly [string, NetworkOfBatch])[] = Object.entries(networks).map((
  [name, build],
) => [name, (batch) => {
  const built = build(batch);
  return "operation" in built ? { y: built as graph.Node } : built as Record<string, graph.Node>;
}]);
