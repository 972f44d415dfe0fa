/**
 * What PyTorch is given: a training graph as plain data, its parameters and its batches.
 *
 * @module
 */

import type { TrainingGraph } from "../../lib/tensor/executor.ts";
import { type Operation, topologicalOrder } from "../../lib/tensor/graph.ts";
import { encodeSafetensors, type SafetensorsTensor } from "../../lib/records/safetensors.ts";
import type { Shape } from "../../lib/shape.ts";
import type { BenchModel } from "./bench_models.ts";

/** The PyTorch of a Python. */
export interface TorchReport {
  version: string;
  /** The CUDA device's name, where there is one. */
  cuda?: string;
  /** Whether there is `torch.compile`. */
  compiles: boolean;
}

const question = `
import json, torch
cuda = torch.cuda.get_device_name() if torch.cuda.is_available() else None
print(json.dumps({"version": torch.__version__, "cuda": cuda, "compiles": hasattr(torch, "compile")}))`;

/** Asks a Python for its PyTorch; undefined where it has none or is not there itself. */
export async function describeTorch(python: string): Promise<TorchReport | undefined> {
  const command = new Deno.Command(python, { args: ["-c", question], stderr: "null" });
  const output = await command.output().catch(() => undefined);
  if (!output?.success) return undefined;
  const { cuda, ...report } = JSON.parse(new TextDecoder().decode(output.stdout));
  return { ...report, cuda: cuda ?? undefined };
}

/** The first Python of these that has PyTorch. */
export async function findTorchPython(
  pythons: readonly string[] = ["python3", "/usr/bin/python3"],
): Promise<{ python: string; torch: TorchReport } | undefined> {
  for (const python of pythons) {
    const torch = await describeTorch(python);
    if (torch) return { python, torch };
  }
}

/** One value of a graph as plain data. */
export interface PlainNode {
  operation: Operation;
  /** Places of the operands in the list. */
  inputs: number[];
  shape: Shape;
}

/** The objective's nodes, operands before users; the last one is the objective. */
export function plainGraph({ objective }: TrainingGraph): PlainNode[] {
  const order = topologicalOrder([objective]);
  const places = new Map(order.map((node, i) => [node, i]));
  return order.map(({ operation, inputs, shape }) => {
    return { operation, inputs: inputs.map((input) => places.get(input)!), shape };
  });
}

/** Writes a model for torch_step.py into a folder. @returns The paths of the graph and of the tensors. */
export async function writeForTorch(
  { graph, parameters, batches }: BenchModel,
  folder: string,
): Promise<string[]> {
  const tensors = new Map<string, SafetensorsTensor>();
  for (const [name, tensor] of parameters) tensors.set(`parameter.${name}`, { dtype: "F32", ...tensor });
  batches.forEach((batch, i) => {
    for (const [name, tensor] of batch) tensors.set(`feed.${i}.${name}`, { dtype: "F32", ...tensor });
  });
  const paths = [`${folder}/graph.json`, `${folder}/model.safetensors`];
  await Deno.writeTextFile(paths[0], JSON.stringify(plainGraph(graph)));
  await Deno.writeFile(paths[1], encodeSafetensors(tensors));
  return paths;
}
