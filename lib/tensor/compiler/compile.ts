/**
 * From a graph to a list of dispatches over planned memory: everything about a program that does not need a device.
 *
 * @module
 */

import type { TrainingGraph } from "../executor.ts";
import {
  type InputNode,
  inputsOf,
  type Node,
  type ParameterNode,
  parametersOf,
  topologicalOrder,
} from "../graph.ts";
import type { Tuning } from "../kernels/wgsl_tuning.ts";
import { orderedGradients } from "../rematerialization.ts";
import { fuse, type Ordering } from "./fusion.ts";
import { valueOf } from "./kernel_code.ts";
import { Layout, type TrainedNode } from "./layout.ts";
import { lower } from "./lowering.ts";
import { lowerUpdate } from "./lower_update.ts";
import { type MemoryPlan, planMemory } from "./memory_plan.ts";
import type { Dispatch } from "./value.ts";

/** What a device allows, and what it likes. */
export interface Target {
  /** How kernels are cut. */
  tuning: Tuning;
  /** Buffers that one kernel may use. */
  maxBuffers: number;
}

/** A program for some device. */
export interface CompiledProgram {
  /** In the order in which they run. */
  dispatches: readonly Dispatch[];
  /** Where everything lies that outlasts a dispatch's users. */
  layout: Layout;
  /** Memory of all other values. */
  plan: MemoryPlan;
  /** What is fed at every run, by name. */
  inputs: ReadonlyMap<string, InputNode>;
  /** The parameters, by name. */
  parameters: ReadonlyMap<string, ParameterNode>;
}

/** The name of the objective among the results. */
export const objectiveName = "";

/** Compiles a forward pass. */
export function compileForward(outputs: Readonly<Record<string, Node>>, target: Target): CompiledProgram {
  const nodes = Object.values(outputs);
  const layout = new Layout();
  const parameters = parametersOf(nodes);
  for (const parameter of parameters.values()) layout.addFixed(parameter);
  for (const [name, node] of Object.entries(outputs)) layout.addResult(name, node);
  return { ...compileNodes(nodes, layout, target), parameters };
}

/** Compiles a training step: forward, backward, clipping, check and update. */
export function compileStep(graph: TrainingGraph, target: Target): CompiledProgram {
  const { objective, outputs, stateUpdates, optimizer, clipNorm } = graph;
  const states = stateUpdates.map(({ parameter, value }) => ({ node: parameter as ParameterNode, value }));
  const forward = [objective, ...Object.values(outputs), ...states.map(({ value }) => value)];
  const parameters = parametersOf([...forward, ...states.map(({ node }) => node)]);
  const nodes = [...parameters.values()].filter(({ operation }) => operation.trainable);
  // Gradients of late layers come first, so that what they need is freed as the backward pass goes on.
  nodes.reverse();
  const found = orderedGradients(objective, nodes, graph.recomputed);
  const trained = nodes.map((node, i): TrainedNode => ({ node, gradient: found.gradients[i] }));
  const decays = ({ node: { operation } }: TrainedNode) => operation.isWeight || optimizer.decayBiasAndNorm;
  const layout = new Layout();
  layout.addTrained(trained.filter(decays));
  const decayed = layout.sizes.gradients;
  layout.addTrained(trained.filter((one) => !decays(one)));
  const end = layout.sizes.gradients;
  layout.sizes.moment1 = end;
  if (optimizer.kind === "adamw") layout.sizes.moment2 = end;
  for (const { node, value } of states) layout.addState(node, value);
  const ends = { decayed, trained: end, states: layout.sizes.gradients };
  for (const node of parameters.values()) {
    if (!layout.parameters.has(node.operation.name)) layout.addFixed(node);
  }
  layout.addResult(objectiveName, objective);
  for (const [name, node] of Object.entries(outputs)) layout.addResult(name, node);
  const update = lowerUpdate({
    rule: optimizer,
    clipNorm,
    ends,
    sizes: layout.sizes,
    objectiveAt: layout.results.get(objectiveName)!.offset,
  });
  const halves = graph.storage === "f16" ? picturesOf([...forward, ...found.copies]) : undefined;
  const used = [...forward, ...found.gradients];
  return { ...compileNodes(used, layout, target, { after: update, ordering: found, halves }), parameters };
}

/**
 * What a forward pass makes of pictures, which is most of what is kept for the backward pass. Gradients are no part of
 * it: most of theirs would be 0 in half precision.
 */
function picturesOf(forward: readonly Node[]): Set<Node> {
  return new Set(
    topologicalOrder(forward).filter(({ operation, shape }) =>
      shape.length === 4 && shape[1] * shape[2] > 1 && operation.kind !== "reduceSum"
    ),
  );
}

/** What a training step has besides what a forward pass has. */
interface StepParts {
  /** What follows. */
  after: readonly Dispatch[];
  /** How to run it in little memory. */
  ordering?: Ordering;
  /** What is stored in half precision, if it is stored and not given out. */
  halves?: ReadonlySet<Node>;
}

/** Compiles what computes the layout's targets, and plans its memory. */
function compileNodes(
  used: readonly Node[],
  layout: Layout,
  { tuning, maxBuffers }: Target,
  { after, ordering, halves }: StepParts = { after: [] },
): Omit<CompiledProgram, "parameters"> {
  const { kernels, stored } = fuse([...layout.targets.keys()], maxBuffers, ordering);
  const values = new Map(layout.targets);
  for (const node of stored) {
    if (!values.has(node)) values.set(node, { ...valueOf(node), type: halves?.has(node) ? "half" : "f32" });
  }
  const inputs = inputsOf(used);
  for (const [name, node] of inputs) {
    const { type } = node.operation;
    values.set(node, { ...valueOf(node), type, label: `the input ${name}`, place: { kind: "input", name } });
  }
  for (const [name, node] of parametersOf(used)) {
    const { offset } = layout.parameters.get(name)!;
    values.set(node, { ...valueOf(node), label: name, place: { kind: "area", area: "weights", offset } });
  }
  const scope = { tuning, valueOf: (node: Node) => values.get(node) };
  const dispatches = [...kernels.flatMap((kernel) => lower(kernel, scope)), ...after];
  return { dispatches, layout, plan: planMemory(dispatches), inputs };
}
