/**
 * One engine in a process of its own, so that engines share no settings of tfjs and no memory.
 *
 * Started as `main.ts engine ENGINE SPEC`, SPEC being a `ModelSpec` in JSON. Requests come as lines of JSON on the
 * standard input, one answer to each goes to the standard output: the protocol of engine.ts.
 *
 * @module
 */

import assert from "node:assert/strict";
import process from "node:process";
import { createInterface } from "node:readline";
import { nextTurn } from "../../lib/event_loop.ts";
import { createExecutor } from "../../lib/tensor/device.ts";
import { type Tensors, totalBytes, type TrainingGraph } from "../../lib/tensor/executor.ts";
import { type BenchModel, benchModel, learningRate, type ModelSpec } from "./bench_models.ts";
import type { EngineBlock, EngineReply, EngineRequest, OwnProcessName } from "./engine.ts";

/** Runs one step. @returns the objective before the update, where it was to be read. */
type Step = (feeds: Tensors, isRead: boolean) => Promise<number | undefined>;

interface OpenEngine {
  step: Step;
  deviceBytes?: number;
}

async function openOwn(
  kind: "wasm" | "webgpu",
  { graph, parameters }: BenchModel,
  { threads, storage }: { threads?: number; storage?: TrainingGraph["storage"] } = {},
): Promise<OpenEngine> {
  const executor = await createExecutor(kind, { threads });
  const program = await executor.compileTraining({ ...graph, storage }, parameters);
  let count = 0;
  const step: Step = async (feeds, isRead) => {
    const deferred = kind === "webgpu" && !isRead;
    const result = program.step(feeds, { learningRate, step: count++, deferred });
    if (deferred) {
      // Its result comes with that of the step that is read, where a failure is then seen, too.
      result.catch(() => {});
      await nextTurn();
      return undefined;
    }
    const { objective, applied } = await result;
    assert(applied, `the objective must be finite, received ${objective}`);
    return objective;
  };
  return { step, deviceBytes: totalBytes(program.memory) };
}

async function openStock(kind: "wasm" | "webgpu", { graph, parameters }: BenchModel): Promise<OpenEngine> {
  // Loaded here only: importing it loads all of tfjs's backends.
  const { StockProgram, useStockBackend } = await import("./stock_tfjs.ts");
  await useStockBackend(kind);
  const program = new StockProgram(graph, parameters, learningRate);
  return { step: (feeds, isRead) => program.step(feeds, isRead) };
}

async function openJax({ graph, parameters }: BenchModel): Promise<OpenEngine> {
  const { JaxProgram } = await import("./jax_step.ts");
  const program = await JaxProgram.create(graph, parameters, learningRate);
  return { step: (feeds, isRead) => program.step(feeds, isRead) };
}

const openers: Record<OwnProcessName, (model: BenchModel) => Promise<OpenEngine>> = {
  "wasm": (model) => openOwn("wasm", model),
  "wasm-1": (model) => openOwn("wasm", model, { threads: 1 }),
  "webgpu": (model) => openOwn("webgpu", model),
  "webgpu-f16": (model) => openOwn("webgpu", model, { storage: "f16" }),
  "stock-webgpu": (model) => openStock("webgpu", model),
  "stock-wasm": (model) => openStock("wasm", model),
  "jax-js": openJax,
};

async function answer(
  { step, deviceBytes }: OpenEngine,
  { batches }: BenchModel,
  { steps, sameBatch, readEvery }: EngineRequest,
): Promise<EngineBlock> {
  const reply: EngineBlock = { milliseconds: [], objectives: [], deviceBytes };
  let start = performance.now();
  for (let i = 0, waiting = 1; i < steps; i++, waiting++) {
    const isRead = (i + 1) % readEvery === 0 || i === steps - 1;
    const objective = await step(batches[sameBatch ? 0 : i % batches.length], isRead);
    if (objective === undefined) continue;
    const now = performance.now();
    reply.objectives.push(objective);
    reply.milliseconds.push((now - start) / waiting);
    [start, waiting] = [now, 0];
  }
  reply.residentBytes = Deno.memoryUsage().rss;
  return reply;
}

/** Answers requests until there are no more. */
export async function serveEngine(engine: OwnProcessName, spec: ModelSpec): Promise<void> {
  const model = benchModel(spec);
  const reasonOf = (error: unknown): { error: string } => ({
    error: error instanceof Error ? error.message : String(error),
  });
  const opened = await openers[engine](model).catch(reasonOf);
  for await (const line of createInterface(process.stdin)) {
    const reply: EngineReply = "error" in opened
      ? opened
      : await answer(opened, model, JSON.parse(line) as EngineRequest).catch(reasonOf);
    process.stdout.write(JSON.stringify(reply) + "\n");
  }
}
