/**
 * One engine in a process of its own, so that engines share no settings of tfjs and no memory.
 *
 * Started as `engine_process.ts ENGINE SPEC`, SPEC being a `ModelSpec` in JSON. Requests come as lines of JSON on the
 * standard input, one answer to each goes to the standard output: the protocol of engine.ts.
 *
 * @module
 */

import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import process from "node:process";
import { createExecutor } from "../../lib/tensor/device.ts";
import type { Tensors } from "../../lib/tensor/executor.ts";
import { type BenchModel, benchModel, learningRate, type ModelSpec } from "./bench_models.ts";
import type { EngineReply, EngineRequest, TfjsEngineName } from "./engine.ts";

/** Runs one step. @returns the objective before the update. */
type Step = (feeds: Tensors) => Promise<number>;

async function ownStep(kind: "wasm" | "webgpu", { graph, parameters }: BenchModel): Promise<Step> {
  const executor = await createExecutor(kind);
  const program = await executor.compileTraining(graph, parameters);
  let step = 0;
  return async (feeds) => {
    const { objective, applied } = await program.step(feeds, { learningRate, step: step++ });
    assert(applied, `the objective must be finite, received ${objective}`);
    return objective;
  };
}

async function stockStep(kind: "wasm" | "webgpu", { graph, parameters }: BenchModel): Promise<Step> {
  // Loaded here only: importing it loads all of tfjs's backends.
  const { StockProgram, useStockBackend } = await import("./stock_tfjs.ts");
  await useStockBackend(kind);
  const program = new StockProgram(graph, parameters, learningRate);
  return (feeds) => program.step(feeds);
}

const openers: Record<TfjsEngineName, (model: BenchModel) => Promise<Step>> = {
  "wasm": (model) => ownStep("wasm", model),
  "webgpu": (model) => ownStep("webgpu", model),
  "stock-webgpu": (model) => stockStep("webgpu", model),
  "stock-wasm": (model) => stockStep("wasm", model),
};

async function answer(step: Step, { batches }: BenchModel, request: EngineRequest): Promise<EngineReply> {
  const reply = { milliseconds: [] as number[], objectives: [] as number[] };
  for (let i = 0; i < request.steps; i++) {
    const feeds = batches[request.sameBatch ? 0 : i % batches.length];
    const start = performance.now();
    reply.objectives.push(await step(feeds));
    reply.milliseconds.push(performance.now() - start);
  }
  return reply;
}

const [engine, spec] = process.argv.slice(2);
const model = benchModel(JSON.parse(spec) as ModelSpec);
const step = await openers[engine as TfjsEngineName](model);
for await (const line of createInterface(process.stdin)) {
  const reply = await answer(step, model, JSON.parse(line) as EngineRequest)
    .catch((error): EngineReply => ({ error: String(error?.message ?? error) }));
  process.stdout.write(JSON.stringify(reply) + "\n");
}
process.exit(0);
