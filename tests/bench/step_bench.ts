/**
 * Milliseconds per training step of model S (see model_s.ts), after a check that the loss is right.
 *
 * `deno run --allow-read --allow-env tests/bench/step_bench.ts [wasm|webgpu …] [--steps N]`
 *
 * @module
 */

import assert from "node:assert/strict";
import { parseArgs } from "node:util";
import { createExecutor } from "../../lib/tensor/device.ts";
import { initializeParameters } from "../../lib/tensor/parameters.ts";
import { evaluateReference } from "../../lib/tensor/reference.ts";
import { modelS, spotPairs } from "./model_s.ts";

const { values, positionals } = parseArgs({
  args: Deno.args,
  options: { steps: { type: "string", default: "20" } },
  allowPositionals: true,
});
const batch = 32, size = 64;

/** The loss of a smaller model S, which the float64 reference can evaluate in reasonable time. */
async function checkLoss(kind: "wasm" | "webgpu"): Promise<void> {
  const graph = modelS({ batch: 4, size: 16 });
  const feeds = spotPairs(4, 16, 1);
  const parameters = initializeParameters([graph.objective], 1);
  const [expected] = evaluateReference([graph.objective], feeds, parameters);
  const executor = await createExecutor(kind);
  const program = await executor.compileTraining(graph, parameters);
  const { objective } = await program.step(feeds, { learningRate: 1e-3, step: 0 });
  program.dispose();
  await executor.dispose();
  assert(Math.abs(objective - expected.data[0]) < 1e-4 * Math.abs(expected.data[0]), `loss ${objective}`);
}

async function measure(kind: "wasm" | "webgpu", steps: number): Promise<void> {
  const graph = modelS({ batch, size });
  const executor = await createExecutor(kind);
  const program = await executor.compileTraining(graph, initializeParameters([graph.objective], 1));
  const times: number[] = [];
  const losses: number[] = [];
  for (let step = 0; step < steps + 3; step++) {
    const feeds = spotPairs(batch, size, step);
    const start = performance.now();
    const { objective } = await program.step(feeds, { learningRate: 1e-3, step });
    if (step >= 3) times.push(performance.now() - start);
    losses.push(objective);
  }
  times.sort((a, b) => a - b);
  const median = times[times.length >> 1];
  console.log(
    `${kind} (${executor.device.name}): median ${median.toFixed(1)} ms/step, fastest ${
      times[0].toFixed(1)
    }, ` +
      `loss ${losses[0].toFixed(3)} to ${losses.at(-1)!.toFixed(3)} in ${losses.length} steps`,
  );
  program.dispose();
  await executor.dispose();
}

for (const kind of positionals.length > 0 ? positionals : ["wasm", "webgpu"]) {
  assert(kind === "wasm" || kind === "webgpu", `the device must be wasm or webgpu, received ${kind}`);
  await checkLoss(kind);
  await measure(kind, Number(values.steps));
}
