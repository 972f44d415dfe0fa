import assert from "node:assert/strict";
import { createExecutor } from "../../../lib/tensor/device.ts";
import type { Executor } from "../../../lib/tensor/executor.ts";
import { findAdapter, reportAdapter } from "../../../lib/tensor/executors/webgpu_adapter.ts";
import { openWebgpuExecutor } from "../../../lib/tensor/executors/webgpu_executor.ts";
import { matMul } from "../../../lib/tensor/graph.ts";
import {
  checkEdges,
  checkNoLeak,
  checkParity,
  checkRefusalOfNotFinite,
  checkResume,
  checkTrajectory,
  kernelFamilies,
  optimizers,
} from "./executor_checks.ts";
import { operationCases } from "./operation_cases.ts";

const adapter = await findAdapter();
if (adapter === undefined) {
  console.warn("No graphics adapter, not even an emulated one: the WebGPU executor is not tested.");
} else {
  console.log(`WebGPU tests run on ${reportAdapter(adapter).name}`);
}

function withExecutors(
  name: string,
  use: (executor: Executor, test: Deno.TestContext) => Promise<void>,
): void {
  for (const [family, tuning] of Object.entries(kernelFamilies)) {
    const full = `webgpu, products in ${family}, ${name}`;
    Deno.test({
      name: adapter ? full : `${full} (ignored: there is no graphics adapter)`,
      ignore: adapter === undefined,
      async fn(test) {
        const executor = await openWebgpuExecutor({ tuning });
        try {
          await use(executor, test);
        } finally {
          await executor.dispose();
        }
      },
    });
  }
}

withExecutors("computes every operation and its gradients as the reference", async (executor, test) => {
  for (const operationCase of operationCases) {
    await test.step(operationCase.name, () => checkParity(executor, operationCase));
  }
});

withExecutors("sums long products in parts", async (executor) => {
  await checkParity(executor, {
    name: "a long sum",
    shapes: [[5, 3001], [3001, 7]],
    range: [0.5, 1],
    build: (a, b) => matMul(a, b),
  });
});

withExecutors("computes products of several tiles", async (executor) => {
  await checkParity(executor, {
    name: "two tiles of 128 each way, neither full",
    shapes: [[130, 70], [70, 140]],
    build: (a, b) => matMul(a, b),
  });
});

for (const optimizer of optimizers) {
  withExecutors(
    `follows the float64 trajectory of ${optimizer.rule.kind} for ten steps`,
    (executor) => checkTrajectory(executor, optimizer),
  );
}

withExecutors("updates nothing when a value is not finite", checkRefusalOfNotFinite);
withExecutors("goes on bit-equal from the state it read", checkResume);
withExecutors("holds no more tensors after twenty steps", checkNoLeak);
withExecutors("refuses wrong feeds and states and reads outputs before the update", checkEdges);

withExecutors("lives beside others", async (first) => {
  const second = await createExecutor("webgpu");
  const convolution = operationCases.find(({ name }) => name === "conv2d, 3×3")!;
  await Promise.all([checkParity(first, convolution), checkParity(second, convolution)]);
  await second.dispose();
  await checkParity(first, convolution);
  assert.equal(first.device.kind, "webgpu");
});
