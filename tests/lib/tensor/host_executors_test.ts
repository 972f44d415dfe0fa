import assert from "node:assert/strict";
import { conv2d } from "../../../lib/tensor/graph.ts";
import { createExecutor } from "../../../lib/tensor/device.ts";
import {
  checkEdges,
  checkHaltOfDeferred,
  checkNoLeak,
  checkParity,
  checkRefusalOfNotFinite,
  checkResume,
  checkTrajectory,
  optimizers,
} from "./executor_checks.ts";
import { operationCases } from "./operation_cases.ts";

for (const kind of ["wasm", "cpu"] as const) {
  const executor = await createExecutor(kind);

  for (const operationCase of operationCases) {
    Deno.test(`${kind} computes ${operationCase.name} and its gradients as the reference`, async () => {
      await checkParity(executor, operationCase);
    });
  }

  for (const optimizer of optimizers) {
    Deno.test(`${kind} follows the float64 trajectory of ${optimizer.rule.kind} for ten steps`, async () => {
      await checkTrajectory(executor, optimizer);
    });
  }

  Deno.test(`${kind} updates nothing when a value is not finite`, () => checkRefusalOfNotFinite(executor));
  Deno.test(`${kind} changes nothing after a deferred step that is not finite`, () =>
    checkHaltOfDeferred(executor));
  Deno.test(`${kind} goes on bit-equal from the state it read`, () => checkResume(executor));
  Deno.test(`${kind} holds no more tensors after twenty steps`, () => checkNoLeak(executor));
  Deno.test(`${kind} refuses wrong feeds and states and reads outputs before the update`, () =>
    checkEdges(executor));
}

Deno.test("wasm sums a filter's gradient over images block by block", async () => {
  await checkParity(await createExecutor("wasm"), {
    name: "large convolution",
    shapes: [[4, 96, 96, 16], [3, 3, 16, 2]],
    build: (x, filter) => conv2d(x, filter),
  });
});

Deno.test("wasm and cpu live side by side", async () => {
  const [wasm, cpu] = [await createExecutor("wasm"), await createExecutor("cpu")];
  const convolution = operationCases.find(({ name }) => name === "conv2d, 3×3")!;
  await Promise.all([
    checkParity(wasm, convolution),
    checkParity(cpu, convolution),
    checkParity(wasm, convolution),
  ]);
  assert.equal(wasm.device.kind, "wasm");
  assert.equal(cpu.device.kind, "cpu");
});
