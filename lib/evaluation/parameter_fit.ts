/**
 * Which of a run's parameters another network can start from.
 *
 * @module
 */

import { sameShape, type Shape } from "../shape.ts";
import type { Tensor, Tensors } from "../tensor/executor.ts";
import { type Node, parametersOf } from "../tensor/graph.ts";
import { initializeParameters } from "../tensor/parameters.ts";
import { need } from "./requirement.ts";

/** What became of one parameter of the network. */
export interface ParameterOutcome {
  /** The parameter's name. */
  name: string;
  /** Taken from the run; not in the run; in the run with another shape. The last two start at random. */
  outcome: "loaded" | "absent" | "otherShape";
  /** The network's shape. */
  shape: Shape;
  /** The run's shape, if it has the parameter. */
  given?: Shape;
}

/** First values, and where each came from. */
export interface FittedParameters {
  /** Of every parameter of the network. */
  parameters: Map<string, Tensor>;
  /** One entry for each parameter of the network. */
  outcomes: ParameterOutcome[];
}

/**
 * First values of a network's parameters: those of a run where name and shape fit, drawn by the seed where they do
 * not. Entries of the run that the network has no use for (the speech encoder, the optimizer's state) are ignored.
 *
 * @param outputs The network.
 * @param start A run's parameters; all values are drawn when left out.
 * @throws SonospeechError `input` when a start is given and none of it fits: training from random values under the
 * name of a run would be a false result.
 */
export function fitParameters(outputs: readonly Node[], seed: number, start?: Tensors): FittedParameters {
  const parameters = initializeParameters(outputs, seed);
  const outcomes = [...parametersOf(outputs)].map(([name, { shape }]): ParameterOutcome => {
    const given = start?.get(name);
    if (!given) return { name, outcome: "absent", shape };
    if (!sameShape(given.shape, shape)) return { name, outcome: "otherShape", shape, given: given.shape };
    parameters.set(name, { shape, data: Float32Array.from(given.data) });
    return { name, outcome: "loaded", shape, given: given.shape };
  });
  need(
    !start || outcomes.some(({ outcome }) => outcome === "loaded"),
    "start from a run's parameters",
    "at least one must fit the network by name and shape",
    misfits(outcomes),
  );
  return { parameters, outcomes };
}

/** The first few parameters that did not fit, in words. */
function misfits(outcomes: readonly ParameterOutcome[]): string {
  const texts = outcomes.map(({ name, outcome, shape, given }) =>
    outcome === "absent" ? `no ${name}` : `${name} [${given}] for [${shape}]`
  );
  return texts.length > 3 ? `${texts.slice(0, 3).join(", ")} and ${texts.length - 3} more` : texts.join(", ");
}
