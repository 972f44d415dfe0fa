/**
 * The gates before a long training: controls that cost little beside it and would have told that it is in vain.
 *
 * ```text
 * RUN/gate.json   what each gate found; a run that goes on does not repeat them
 * ```
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import { SonospeechError } from "../errors.ts";
import { writeJsonAtomic } from "../records/atomic_file.ts";
import type { GateEvent, Metrics } from "./events.ts";
import { overfitOneBatch, overfitSteps, overfitWindows } from "./overfit_gate.ts";
import { type ShuffledGateOptions, shuffledSteps, trainOnShuffledPairs } from "./shuffled_gate.ts";

/** What the gates work with. */
export interface GatesOptions extends Omit<ShuffledGateOptions, "evaluate"> {
  /** Scores parameters on validation subjects; without it nothing can be said of shuffled pairs. */
  evaluate?: ShuffledGateOptions["evaluate"];
  /** The run's folder. */
  folder: string;
  /** Whether the user asked to start without gates; that is recorded. */
  skip?: boolean;
}

/** A gate may cost this share of the training, counted in windows that pass through the network. */
export const gateShare = 0.02;

/** The gates that are cheap beside a training of so many windows. */
export function affordableGates(config: RunConfig, trainWindows: number): GateEvent["gate"][] {
  const training = config.training.epochs * trainWindows;
  const costs: Record<GateEvent["gate"], number> = {
    overfit: overfitSteps * Math.min(overfitWindows, config.data.batchSize),
    shuffled: shuffledSteps * config.data.batchSize,
  };
  const gates: GateEvent["gate"][] = ["overfit", "shuffled"];
  return gates.filter((gate) => costs[gate] <= gateShare * training);
}

/**
 * Tries the gates that are cheap beside the training and that the run folder has no record of, and tells what each
 * found once that is on disk.
 *
 * @throws SonospeechError `input` after the event of a gate that failed.
 */
export async function* runGates(options: GatesOptions): AsyncGenerator<GateEvent, void, void> {
  const { config, dataset, folder, skip, evaluate } = options;
  const file = `${folder}/gate.json`;
  const recorded = await readGates(file);
  const wanted = affordableGates(config, dataset.windows({ split: "train" }).length)
    .filter((gate) => gate === "overfit" || (evaluate !== undefined && config.losses.contrastiveWeight > 0));
  for (const gate of wanted) {
    const known = recorded.find((event) => event.gate === gate);
    if (known?.outcome === "passed" || (known?.outcome === "skipped" && skip)) continue;
    const event = skip ? skipped(gate) : await tryGate(gate, options);
    recorded.splice(0, recorded.length, ...recorded.filter((other) => other.gate !== gate), event);
    await writeJsonAtomic(file, { gates: recorded });
    yield event;
    if (event.outcome === "failed") refuse(event);
  }
}

async function tryGate(gate: GateEvent["gate"], options: GatesOptions): Promise<GateEvent> {
  const { passed, message, metrics, chance } = gate === "overfit"
    ? await overfitOneBatch(options)
    : await trainOnShuffledPairs({ ...options, evaluate: options.evaluate! });
  // A name of their own keeps the gates' numbers out of the training's curves.
  const named = (values: Metrics) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [`gate.${gate}.${name}`, value]));
  const outcome = passed ? "passed" : "failed";
  return { kind: "gate", step: 0, gate, outcome, message, metrics: named(metrics), chance: named(chance) };
}

function skipped(gate: GateEvent["gate"]): GateEvent {
  const message = `the gate "${gate}" was skipped: nobody knows whether it would have failed`;
  return { kind: "gate", step: 0, gate, outcome: "skipped", message, metrics: {}, chance: {} };
}

function refuse({ gate, message }: GateEvent): never {
  throw new SonospeechError("input", {
    action: "start a long training",
    must: `the gate "${gate}" must be passed (${message})`,
    hint: "look there first, or train regardless with --skip-gates",
  });
}

/** None where the record is not there or broken: then gates are tried again. */
async function readGates(file: string): Promise<GateEvent[]> {
  try {
    const { gates } = JSON.parse(await Deno.readTextFile(file));
    return Array.isArray(gates) ? gates : [];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return [];
    throw error;
  }
}
