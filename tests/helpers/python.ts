/** A Python that can compute with PyTorch, where the machine has one. @module */

import { findTorchPython } from "../bench/torch.ts";

/** The first Python on this machine that has the module torch, or null. */
export async function findTorch(): Promise<string | null> {
  return (await findTorchPython())?.python ?? null;
}

/** Runs Python and gives what it printed. @throws Error with what it complained of. */
export async function runPython(python: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(python, { args }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr) + new TextDecoder().decode(stdout));
  return new TextDecoder().decode(stdout);
}
