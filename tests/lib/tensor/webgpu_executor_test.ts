import assert from "node:assert/strict";
import { createExecutor } from "../../../lib/tensor/device.ts";
import type { Executor } from "../../../lib/tensor/executor.ts";
import { findAdapter, reportAdapter } from "../../../lib/tensor/executors/webgpu_adapter.ts";
import {
  checkEdges,
  checkNoLeak,
  checkParity,
  checkRefusalOfNotFinite,
  checkResume,
  checkTrajectory,
  optimizers,
} from "./executor_checks.ts";
import { operationCases } from "./operation_cases.ts";

const adapter = await findAdapter();
if (adapter === undefined) {
  console.warn("No graphics adapter, not even an emulated one: the WebGPU executor is not tested.");
} else {
  console.log(`WebGPU tests run on ${reportAdapter(adapter).name}`);
}

function withExecutor(
  name: string,
  use: (executor: Executor, test: Deno.TestContext) => Promise<void>,
): void {
  Deno.test({
    name: adapter ? name : `${name} (ignored: there is no graphics adapter)`,
    ignore: adapter === undefined,
    async fn(test) {
      const executor = await createExecutor("webgpu");
      try {
        await use(executor, test);
      } finally {
        await executor.dispose();
      }
    },
  });
}

withExecutor("webgpu computes every operation and its gradients as the reference", async (executor, test) => {
  for (const operationCase of operationCases) {
    await test.step(operationCase.name, () => checkParity(executor, operationCase));
  }
});

for (const optimizer of optimizers) {
  withExecutor(
    `webgpu follows the float64 trajectory of ${optimizer.rule.kind} for ten steps`,
    (executor) => {
      return checkTrajectory(executor, optimizer);
    },
  );
}

withExecutor("webgpu updates nothing when a value is not finite", checkRefusalOfNotFinite);
withExecutor("webgpu goes on bit-equal from the state it read", checkResume);
withExecutor("webgpu holds no more tensors after twenty steps", checkNoLeak);
withExecutor("webgpu refuses wrong feeds and states and reads outputs before the update", checkEdges);

withExecutor("webgpu devices live side by side", async (first) => {
  const second = await createExecutor("webgpu");
  const convolution = operationCases.find(({ name }) => name === "conv2d, 3×3")!;
  await Promise.all([checkParity(first, convolution), checkParity(second, convolution)]);
  await second.dispose();
  await checkParity(first, convolution);
  assert.equal(first.device.kind, "webgpu");
});
