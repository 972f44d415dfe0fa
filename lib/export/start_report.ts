/**
 * What of given weights a new run starts from.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import { fitParameters, type ParameterOutcome } from "../evaluation/parameter_fit.ts";
import { buildTrainingGraph } from "../models/train_graph.ts";
import type { Tensor } from "../tensor/executor.ts";
import type { ForeignWeights } from "./foreign_weights.ts";

/** A report, field by field. */
export interface StartReport {
  /** Whose names the weights had. */
  names: ForeignWeights["names"];
  /** Of their file. */
  sha256: string;
  /** Parameters of the network that were taken. */
  loaded: number;
  /** What became of every parameter of the network. */
  outcomes: ParameterOutcome[];
  /** Tensors of the file that the network has no use for, by our names. */
  unused: string[];
}

/**
 * Fits weights to a run's network.
 *
 * @returns The parameters that were taken, and the report.
 * @throws SonospeechError `input` when none fits.
 */
export function fitStart(
  config: RunConfig,
  weights: ForeignWeights,
): { parameters: Map<string, Tensor>; report: StartReport } {
  const graph = buildTrainingGraph(config);
  const nodes = [graph.objective, ...graph.stateUpdates.map(({ value }) => value)];
  const { parameters, outcomes } = fitParameters(nodes, config.seed, weights.tensors);
  const loaded = outcomes.filter(({ outcome }) => outcome === "loaded").map(({ name }) => name);
  const { names, sha256 } = weights;
  return {
    parameters: new Map(loaded.map((name) => [name, parameters.get(name)!])),
    report: {
      ...{ names, sha256, outcomes },
      loaded: loaded.length,
      unused: [...weights.tensors.keys()].filter((name) => !parameters.has(name)),
    },
  };
}

/** The report in lines: one a part of the network, one for every parameter that did not fit. */
export function startLines({ names, outcomes, loaded, unused }: StartReport): string[] {
  const parts = Map.groupBy(outcomes, ({ name }) => name.split(".")[0]);
  const lines = [`starting from ${loaded} of ${outcomes.length} parameters (${names} names)`];
  for (const [part, all] of parts) {
    const fitted = all.filter(({ outcome }) => outcome === "loaded").length;
    lines.push(`  ${part}: ${fitted} of ${all.length}`);
    if (fitted === 0 && all.every(({ outcome }) => outcome === "absent")) continue; // The line above says it.
    for (const { name, outcome, shape, given } of all) {
      if (outcome === "otherShape") lines.push(`    ${name}: [${given}] does not fit [${shape}], drawn anew`);
      if (outcome === "absent") lines.push(`    ${name}: not in the file, drawn anew`);
    }
  }
  if (unused.length > 0) lines.push(`  in the file, but of no use here: ${unused.length} (as ${unused[0]})`);
  return lines;
}
