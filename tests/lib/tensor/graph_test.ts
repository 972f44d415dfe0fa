import assert from "node:assert/strict";
import {
  add,
  batchMoments,
  batchNorm,
  broadcastTo,
  clampMinGradient,
  concat,
  conv2d,
  input,
  inputsOf,
  l2NormalizeGradient,
  logSumExp,
  matMul,
  maxPool,
  type Node,
  pad,
  parameter,
  parametersOf,
  reduceSum,
  reshape,
  slice,
  square,
  topologicalOrder,
  transpose,
} from "../../../lib/tensor/graph.ts";

const x = (...shape: number[]) => input("x", shape);
const weight = (name: string) =>
  parameter({ name, initializer: { kind: "constant", value: 1 }, trainable: true, isWeight: true }, [2]);

Deno.test("conv2d() pads to the same size by default, as PyTorch's dilation · (k − 1) / 2", () => {
  assert.deepEqual(conv2d(x(2, 9, 8, 4), x(3, 3, 4, 6)).shape, [2, 9, 8, 6]);
  assert.deepEqual(conv2d(x(2, 9, 8, 4), x(3, 3, 4, 6), { stride: 2 }).shape, [2, 5, 4, 6]);
  assert.deepEqual(conv2d(x(2, 9, 8, 4), x(3, 3, 4, 6), { dilation: 2 }).shape, [2, 9, 8, 6]);
  assert.deepEqual(conv2d(x(2, 9, 8, 4), x(3, 3, 2, 6), { groups: 2, padding: 0 }).shape, [2, 7, 6, 6]);
  assert.deepEqual(maxPool(x(2, 9, 8, 4), 2).shape, [2, 4, 4, 4]);
  assert.deepEqual(maxPool(x(2, 9, 8, 4), 3, { stride: 2, padding: 1 }).shape, [2, 5, 4, 4]);
});

Deno.test("builders refuse shapes that do not fit, naming what must hold", () => {
  const refusals: [() => Node, RegExp][] = [
    [() => add(x(2, 3), x(4)), /must agree or be 1/],
    [() => matMul(x(2, 3), x(2, 3)), /inner sizes must agree, received \[2,3\] and \[2,3\]/],
    [() => reduceSum(x(2, 3), [2]), /axes must be different axes/],
    [() => broadcastTo(x(2), [3]), /broadcast/],
    [() => reshape(x(2, 3), [5]), /sizes must agree/],
    [() => transpose(x(2, 3), [0, 0]), /name every axis once/],
    [() => concat([x(2, 3), x(3, 3)], 1), /shapes must agree but for axis 1/],
    [() => concat([x(2, 3), x(2, 3)], 2), /axis 2 must be one of the operands'/],
    [() => slice(x(4), [2], [3]), /must lie inside/],
    [() => pad(x(4), [2], [5]), /must lie inside/],
    [() => logSumExp(x()), /must have an axis/],
    [() => conv2d(x(1, 4, 4, 3), x(3, 3, 2, 4)), /channels and filters must fit 1 groups/],
    [() => conv2d(x(1, 2, 2, 1), x(5, 5, 1, 1), { padding: 0 }), /must cover the kernel/],
    [() => maxPool(x(4, 4, 1), 2), /must be \[B, H, W, C\]/],
    [() => clampMinGradient(x(2), x(3), 0), /shapes must be the same/],
    [() => l2NormalizeGradient(x(2, 3), x(2, 1), 1e-8), /shapes must be the same/],
    [() => batchNorm(x(4, 3), batchMoments(x(4, 3)), x(3), x(1)), /gamma and beta \[C\]/],
    [() => batchNorm(x(4, 3), batchMoments(x(4, 2)), x(3), x(3)), /moments must be \[2, C\]/],
  ];
  for (const [build, message] of refusals) assert.throws(build, message);
});

Deno.test("topologicalOrder() puts inputs before users, each node once, however deep", () => {
  let node = x(1);
  for (let i = 0; i < 50_000; i++) node = add(node, node);
  const order = topologicalOrder([node, node]);
  assert.equal(order.length, 50_001);
  const place = new Map(order.map((n, i) => [n, i]));
  assert(order.every((n, i) => n.inputs.every((part) => place.get(part)! < i)));
});

Deno.test("parametersOf() and inputsOf() refuse two nodes of one name, not one node used twice", () => {
  const w = weight("w");
  assert.deepEqual([...parametersOf([add(w, square(w))]).keys()], ["w"]);
  assert.throws(() => parametersOf([add(w, weight("w"))]), /received "w" twice/);
  assert.throws(() => inputsOf([add(x(1), x(1))]), /received "x" twice/);
});
