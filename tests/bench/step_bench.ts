/**
 * Times the training steps of every engine on one model, after checks that all compute the same. README.md says what is
 * checked and how it is timed.
 *
 * @module
 */

import assert from "node:assert/strict";
import { evaluateReference } from "../../lib/tensor/reference.ts";
import { benchModel, type ModelName, type ModelSpec } from "./bench_models.ts";
import { Engine, type EngineName, engineNames, type EngineOptions } from "./engine.ts";
import type { BenchContext } from "./part.ts";
import { median } from "./statistics.ts";

/** Largest relative difference of the first objective from the expected one. */
const firstTolerance = 1e-4;
/** The same after some updates, which carry differences in the last digits further. */
const laterTolerance = 5e-3;
/** Steps on one batch, over which the objective must fall. */
const checkedSteps = 5;
/**
 * Of those, the ones whose objectives must be the same on every engine. In `paper`, parameters that begin a rounding
 * away lead one engine to objectives a twentieth apart after three updates (EXPERIMENTS.md): who is right and who is
 * wrong can then not be told.
 */
const comparedSteps: Record<ModelName, number> = { S: 5, P: 5, tiny: 5, small: 5, paper: 2 };
/** A batch at which stock tfjs must agree, whatever the adapter: see README.md. */
const smallBatch = 8;

/** Models on which the engines of browsers take minutes a step where the adapter is emulated. */
const largeModels: readonly ModelName[] = ["small", "paper"];

/** What one engine did on one model. */
export interface Row {
  engine: EngineName;
  /** Why there are no numbers. */
  absent?: string;
  /** Largest relative difference of the checked objectives from those of the first engine. */
  largestDifference?: number;
  /** Whether that is within what the check allows. */
  agrees?: boolean;
  /** The times of each round, milliseconds. */
  rounds?: number[][];
  deviceBytes?: number;
  residentBytes?: number;
}

/** What all engines did on one model. */
export interface StepTable {
  model: ModelSpec;
  readEvery: number;
  peer: EngineName;
  rows: Row[];
}

/** The engines on one model. */
export class StepBench {
  readonly #context: BenchContext;
  readonly #spec: ModelSpec;
  readonly #rows: Row[];
  readonly #options: EngineOptions;
  readonly #progress: (share: number) => void;
  readonly #readEvery: number;

  constructor(context: BenchContext, spec: ModelSpec, progress: (share: number) => void) {
    const { options, machine, signal } = context;
    this.#context = context;
    this.#spec = spec;
    this.#progress = progress;
    this.#options = { python: machine.python, torch: machine.torch, before: options.before, signal };
    this.#readEvery = options.readEvery ?? (machine.hasHardwareAdapter ? 16 : 1);
    const isTooLarge = largeModels.includes(spec.name) && !machine.hasHardwareAdapter;
    const names = options.engines ?? engineNames.filter((name) => name !== "wasm-before" || options.before);
    this.#rows = names.map((engine) => ({
      engine,
      absent: isTooLarge && !options.engines && /stock|jax/.test(engine)
        ? "not run: takes minutes a step on an emulated adapter; --engines names it"
        : undefined,
    }));
  }

  async measure(): Promise<StepTable> {
    if (this.#spec.name === "S") await this.#checkAgainstReference();
    this.#progress(0.1);
    if (this.#spec.batch > smallBatch) await this.#checkSmallBatch();
    this.#progress(0.25);
    await this.#withEngines(this.#spec, async (engines) => {
      const agreeing = await this.#checkAgreement(engines);
      this.#progress(0.4);
      await this.#runRounds(agreeing);
    });
    const measured = this.#rows.filter((row) => row.rounds).map((row) => row.engine);
    const wanted = this.#context.options.peer;
    const peer = [wanted, "torch-cuda", "torch", "stock-webgpu"].find((name) =>
      measured.some((one) => one === name)
    ) as EngineName | undefined;
    return { model: this.#spec, readEvery: this.#readEvery, peer: peer ?? measured[0], rows: this.#rows };
  }

  #row(engine: Engine): Row {
    return this.#rows.find((row) => row.engine === engine.name)!;
  }

  /** Runs `use` on the engines that can be had, and ends them; the others get their reason. */
  async #withEngines(spec: ModelSpec, use: (engines: Engine[]) => Promise<void>): Promise<void> {
    const engines: Engine[] = [];
    try {
      for (const row of this.#rows) {
        this.#context.signal.throwIfAborted();
        if (row.absent) continue;
        const started = await Engine.start(row.engine, spec, this.#options);
        if (started instanceof Engine) engines.push(started);
        else row.absent = started.absent;
      }
      await use(engines);
    } finally {
      await Promise.all(engines.map((engine) => engine.close()));
    }
  }

  /** The first steps on one batch, of every engine that can train. */
  async #firstSteps(engines: readonly Engine[], steps: number): Promise<Map<Engine, number[]>> {
    const objectives = new Map<Engine, number[]>();
    for (const engine of engines) {
      this.#context.signal.throwIfAborted();
      const reply = await engine.run({ steps, sameBatch: true, readEvery: 1 });
      if ("error" in reply) this.#row(engine).absent = reasonOf(reply.error);
      else objectives.set(engine, reply.objectives);
    }
    return objectives;
  }

  /** The objective of a small model S against the float64 reference, which is too slow for the whole. */
  async #checkAgainstReference(): Promise<void> {
    const spec: ModelSpec = { name: "S", batch: 4, size: 16 };
    const { graph, parameters, batches } = benchModel(spec);
    const [{ data: [expected] }] = evaluateReference([graph.objective], batches[0], parameters);
    await this.#withEngines(spec, async (engines) => {
      for (const [engine, [objective]] of await this.#firstSteps(engines, 1)) {
        assert(
          differenceOf(objective, expected) < firstTolerance * toleranceOf(engine.name),
          `${engine.name} must compute ${expected}, the float64 reference's objective, not ${objective}`,
        );
      }
    });
  }

  /** Every engine, stock tfjs too, must agree on a small batch. */
  async #checkSmallBatch(): Promise<void> {
    await this.#withEngines({ ...this.#spec, batch: smallBatch }, async (engines) => {
      await this.#checkAgreement(engines);
    });
    const wrong = this.#rows.find((row) => row.agrees === false);
    assert(
      !wrong,
      `${wrong?.engine} must agree on a batch of ${smallBatch}, differs by ${wrong?.largestDifference}`,
    );
  }

  /** The checked objectives of every engine that can train, against the first one's. */
  async #checkAgreement(engines: readonly Engine[]): Promise<Engine[]> {
    const objectives = await this.#firstSteps(engines, checkedSteps);
    const [all] = objectives.values();
    assert(all, "at least one engine must be able to train");
    assert(all.at(-1)! < 0.99 * all[0], `the objective must fall on one batch, received ${all}`);
    const expected = all.slice(0, comparedSteps[this.#spec.name]);
    for (const [engine, values] of objectives) {
      const row = this.#row(engine);
      // Of the first objective: as it falls towards 0, a share of what is left would be one of nothing.
      const differences = expected.map((value, i) => Math.abs(values[i] - value) / expected[0]);
      row.largestDifference = Math.max(...differences);
      const tolerance = toleranceOf(engine.name);
      row.agrees = differences[0] < firstTolerance * tolerance &&
        row.largestDifference < laterTolerance * tolerance;
      if (row.agrees) continue;
      if (engine.name === "jax-js") {
        // On tiny on llvmpipe each operation by itself is right, the compiled step is not: its time says nothing.
        row.absent = `not timed: computes the objectives ${values.map(threeDigits)}, not ${
          expected.map(threeDigits)
        }`;
        row.agrees = undefined;
        continue;
      }
      const message = `${engine.name} must compute the objectives ${expected}, not ${values}`;
      assert(differences[0] < firstTolerance * tolerance, message);
      assert(engine.name === "stock-webgpu", message);
    }
    return [...objectives.keys()].filter((engine) => !this.#row(engine).absent);
  }

  /** Blocks in turn, so that a machine that gets slower or faster does so for all. */
  async #runRounds(engines: readonly Engine[]): Promise<void> {
    const { rounds, steps, budget } = this.#context.options;
    const readings = new Map(engines.map((engine) => [engine, steps]));
    for (let round = 0; round < rounds; round++) {
      for (const [i, engine] of engines.entries()) {
        this.#context.signal.throwIfAborted();
        const row = this.#row(engine);
        const count = readings.get(engine)!;
        if (count === 0) continue;
        const reply = await engine.run({
          steps: (count + 1) * this.#readEvery,
          sameBatch: false,
          readEvery: this.#readEvery,
        });
        assert(
          !("error" in reply) && reply.objectives.every(Number.isFinite),
          `${engine.name} must go on training`,
        );
        (row.rounds ??= []).push(reply.milliseconds.slice(1));
        row.deviceBytes = reply.deviceBytes;
        row.residentBytes = reply.residentBytes;
        readings.set(engine, readingsWithin(budget, row, rounds, steps, this.#readEvery));
        this.#progress(0.4 + (0.6 * (round * engines.length + i + 1)) / (rounds * engines.length));
      }
    }
  }
}

/** A slow engine gets fewer readings a block, then fewer rounds, so that it stays within its time. */
function readingsWithin(budget: number, row: Row, rounds: number, steps: number, readEvery: number): number {
  const seconds = (median(row.rounds!.flat()) * readEvery) / 1000;
  const done = row.rounds!.length;
  const fitting = Math.floor(budget / (rounds * seconds)) - 1;
  if (fitting >= 1) return Math.min(steps, fitting);
  return (done + 1) * 2 * seconds <= budget || done < 2 ? 1 : 0;
}

/** TF32 keeps 10 bits of a product's operands, half precision as many of what is stored. */
function toleranceOf(engine: EngineName): number {
  return engine === "torch-cuda-tf32" || engine === "webgpu-f16" ? 20 : 1;
}

function threeDigits(value: number): string {
  return value.toPrecision(3);
}

function differenceOf(value: number, expected: number): number {
  return Math.abs(value - expected) / Math.abs(expected);
}

/** Says what tfjs lacks in fewer words than it does itself. */
function reasonOf(error: string): string {
  const kernel = error.match(/Kernel '(\w+)' not registered/)?.[1];
  return kernel ? `cannot train: kernel ${kernel} is missing` : `cannot train: ${error.slice(0, 150)}`;
}
