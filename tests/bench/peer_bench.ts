/**
 * Milliseconds per training step of our executors beside stock tfjs and PyTorch, after checks that all compute the
 * same. README.md in this folder says how to run it and how to read the table.
 *
 * @module
 */

import assert from "node:assert/strict";
import { parseArgs } from "node:util";
import { describeAdapters } from "../../lib/tensor/device.ts";
import { evaluateReference } from "../../lib/tensor/reference.ts";
import { benchModel, type ModelSpec } from "./bench_models.ts";
import { Engine, type EngineName, engineNames, torchVersion } from "./engine.ts";
import { median, type Row, type Table, tableText } from "./table.ts";

/** Largest relative difference of the first objective from the expected one. */
const firstTolerance = 1e-4;
/** The same after some updates, which carry differences in the last digits further. */
const laterTolerance = 1e-3;
/** Updates on one batch that the engines must agree over. */
const checkedSteps = 5;
/** A batch at which stock tfjs must agree, whatever the adapter: see README.md. */
const smallBatch = 8;
interface Settings {
  engines: readonly EngineName[];
  /** Blocks of each engine, one after another in turn. */
  rounds: number;
  /** Timed steps of a block; one more goes before them. */
  steps: number;
  /** The Python that has PyTorch. */
  python: string;
}

function differenceOf(value: number, expected: number): number {
  return Math.abs(value - expected) / Math.abs(expected);
}

/** Says what tfjs lacks in fewer words than it does itself. */
function reasonOf(error: string): string {
  const kernel = error.match(/Kernel '(\w+)' not registered/)?.[1];
  return kernel ? `cannot train: kernel ${kernel} is missing` : `cannot train: ${error}`;
}

/** Runs `use` on the engines that can be had, and ends them; the others get their reason. */
async function withEngines(
  { spec, rows, python }: { spec: ModelSpec; rows: readonly Row[]; python: string },
  use: (engines: Engine[]) => Promise<void>,
) {
  const engines: Engine[] = [];
  try {
    for (const row of rows) {
      if (row.absent) continue;
      const started = await Engine.start(row.engine, spec, python);
      if (started instanceof Engine) engines.push(started);
      else row.absent = started.absent;
    }
    await use(engines);
  } finally {
    await Promise.all(engines.map((engine) => engine.close()));
  }
}

/** The first steps on one batch, of every engine that can train. */
async function firstSteps(engines: readonly Engine[], rows: readonly Row[], steps: number) {
  const objectives = new Map<Engine, number[]>();
  for (const engine of engines) {
    const reply = await engine.run({ steps, sameBatch: true });
    if ("error" in reply) rows.find((row) => row.engine === engine.name)!.absent = reasonOf(reply.error);
    else objectives.set(engine, reply.objectives);
  }
  return objectives;
}

/** The objective of a small model S against the float64 reference, which is too slow for the whole. */
async function checkAgainstReference(rows: readonly Row[], python: string): Promise<void> {
  const spec: ModelSpec = { name: "S", batch: 4, size: 16 };
  const { graph, parameters, batches } = benchModel(spec);
  const [expected] = evaluateReference([graph.objective], batches[0], parameters);
  await withEngines({ spec, rows, python }, async (engines) => {
    for (const [engine, [objective]] of await firstSteps(engines, rows, 1)) {
      assert(
        differenceOf(objective, expected.data[0]) < firstTolerance,
        `${engine.name} must compute ${
          expected.data[0]
        }, the float64 reference's objective, not ${objective}`,
      );
    }
  });
}

/** The checked objectives of every engine that can train, against the first one's. */
async function checkAgreement(engines: readonly Engine[], rows: readonly Row[]): Promise<Engine[]> {
  const objectives = await firstSteps(engines, rows, checkedSteps);
  const [expected] = objectives.values();
  assert(expected.at(-1)! < 0.99 * expected[0], `the objective must fall on one batch, received ${expected}`);
  for (const [{ name }, values] of objectives) {
    const row = rows.find((one) => one.engine === name)!;
    const differences = values.map((value, i) => differenceOf(value, expected[i]));
    row.largestDifference = Math.max(...differences);
    row.agrees = differences[0] < firstTolerance && row.largestDifference < laterTolerance;
    const message = `${name} must compute the objectives ${expected}, not ${values}`;
    assert(differences[0] < firstTolerance, message);
    assert(row.agrees || name === "stock-webgpu", message);
  }
  return [...objectives.keys()];
}

/** Every engine, stock tfjs too, must agree on a small batch. */
async function checkSmallBatch(spec: ModelSpec, rows: readonly Row[], python: string): Promise<void> {
  await withEngines({ spec: { ...spec, batch: smallBatch }, rows, python }, async (engines) => {
    await checkAgreement(engines, rows);
  });
  const wrong = rows.find((row) => row.agrees === false);
  assert(
    !wrong,
    `${wrong?.engine} must agree on a batch of ${smallBatch}, differs by ${wrong?.largestDifference}`,
  );
}

async function measure(spec: ModelSpec, settings: Settings): Promise<Table> {
  const rows: Row[] = settings.engines.map((engine) => ({ engine }));
  if (spec.name === "S") await checkAgainstReference(rows, settings.python);
  if (spec.batch > smallBatch) await checkSmallBatch(spec, rows, settings.python);
  await withEngines({ spec, rows, python: settings.python }, async (engines) => {
    const blocks = await runRounds(await checkAgreement(engines, rows), settings);
    for (const [{ name }, rounds] of blocks) {
      const all = rounds.flat();
      Object.assign(rows.find((row) => row.engine === name)!, {
        medianMs: median(all),
        fastestMs: Math.min(...all),
        roundMediansMs: rounds.map(median),
      });
    }
  });
  return { model: spec, rows };
}

/** Blocks in turn, so that a machine that gets slower or faster does so for all. */
async function runRounds(engines: readonly Engine[], { rounds, steps }: Settings) {
  const times = new Map(engines.map((engine): [Engine, number[][]] => [engine, []]));
  for (let round = 0; round < rounds; round++) {
    for (const engine of engines) {
      const reply = await engine.run({ steps: steps + 1, sameBatch: false });
      assert(
        !("error" in reply) && reply.objectives.every(Number.isFinite),
        `${engine.name} must go on training`,
      );
      times.get(engine)!.push(reply.milliseconds.slice(1));
    }
  }
  return times;
}

function parseSettings() {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      models: { type: "string", default: "S,tiny" },
      engines: { type: "string", default: engineNames.join(",") },
      batch: { type: "string", default: "32" },
      size: { type: "string", default: "64" },
      rounds: { type: "string", default: "5" },
      steps: { type: "string", default: "3" },
      python: { type: "string", default: "python3" },
      json: { type: "boolean", default: false },
    },
  });
  const count = (name: "batch" | "size" | "rounds" | "steps") => {
    const number = Number(values[name]);
    assert(
      Number.isInteger(number) && number > 0,
      `--${name} must be a whole number, received ${values[name]}`,
    );
    return number;
  };
  const chosen = <T extends string>(given: string, known: readonly T[]): T[] =>
    given.split(",").map((name) => {
      const found = known.find((one) => one === name);
      assert(found, `a choice must be one of ${known.join(", ")}, received "${name}"`);
      return found;
    });
  return {
    json: values.json,
    specs: chosen(values.models, ["S", "tiny"]).map((name): ModelSpec => {
      return { name, batch: count("batch"), size: count("size") };
    }),
    settings: {
      engines: chosen(values.engines, engineNames),
      rounds: count("rounds"),
      steps: count("steps"),
      python: values.python,
    },
  };
}

const { json, specs, settings } = parseSettings();
const [adapter] = await describeAdapters();
const machine = {
  cores: navigator.hardwareConcurrency,
  adapter: adapter ? `${adapter.name}${adapter.isHardware ? "" : " (software)"}` : "none",
  torch: await torchVersion(settings.python) ?? "none",
};
const tables: Table[] = [];
if (!json) console.log(`${machine.cores} cores, adapter ${machine.adapter}, PyTorch ${machine.torch}`);
for (const spec of specs) {
  const table = await measure(spec, settings);
  tables.push(table);
  if (!json) console.log(`\n${tableText(table)}`);
}
if (json) console.log(JSON.stringify({ machine, settings, tables }, null, 2));
