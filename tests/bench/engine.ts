/**
 * Starting engines and asking them to run steps.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { encodeSafetensors, type SafetensorsTensor } from "../../lib/records/safetensors.ts";
import { benchModel, type ModelSpec } from "./bench_models.ts";

/** Our executors (`wasm`, `webgpu`), tfjs as it comes, and PyTorch. */
export const engineNames = ["wasm", "webgpu", "stock-webgpu", "stock-wasm", "torch"] as const;

/** Every engine that can be compared. */
export type EngineName = typeof engineNames[number];

/** Those that engine_process.ts runs. */
export type TfjsEngineName = Exclude<EngineName, "torch">;

/** Asks for steps: on batches in turn, or always on the first. */
export interface EngineRequest {
  steps: number;
  sameBatch: boolean;
}

/** What a block of steps took, and the objective before each update; or why it could not be run. */
export type EngineReply = EngineBlock | { error: string };

/** Steps that were run. */
export interface EngineBlock {
  milliseconds: number[];
  objectives: number[];
}

/** An engine in a process of its own. */
export class Engine {
  readonly name: EngineName;
  readonly #process: Deno.ChildProcess;
  readonly #requests: WritableStreamDefaultWriter<Uint8Array>;
  readonly #replies: ReadableStreamDefaultReader<string>;
  readonly #files: readonly string[];
  #pending = "";

  private constructor(name: EngineName, command: string, args: readonly string[], files: readonly string[]) {
    this.name = name;
    this.#files = files;
    this.#process = new Deno.Command(command, {
      args: [...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#requests = this.#process.stdin.getWriter();
    this.#replies = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Starts an engine on a model; gives the reason where it cannot be had. */
  static async start(
    name: EngineName,
    spec: ModelSpec,
    python: string,
  ): Promise<Engine | { absent: string }> {
    if (name !== "torch") {
      const permissions = ["--no-prompt", "--allow-read", "--allow-env"];
      const args = ["run", ...permissions, siblingPath("engine_process.ts"), name, JSON.stringify(spec)];
      return new Engine(name, Deno.execPath(), args, []);
    }
    if (spec.name !== "S") return { absent: "not run: only model S is written for PyTorch" };
    if (await torchVersion(python) === undefined) return { absent: `not run: ${python} has no module torch` };
    const tensors = await writeTensors(spec);
    return new Engine(name, python, [siblingPath("torch_step.py"), tensors], [tensors]);
  }

  /** Runs steps. @throws Error when the process ends instead of answering. */
  async run(request: EngineRequest): Promise<EngineReply> {
    await this.#requests.write(new TextEncoder().encode(JSON.stringify(request) + "\n"));
    for (;;) {
      const line = await this.#readLine();
      // Libraries greet on the standard output; an answer is an object.
      if (line.startsWith("{")) return JSON.parse(line) as EngineReply;
    }
  }

  async #readLine(): Promise<string> {
    for (;;) {
      const end = this.#pending.indexOf("\n");
      if (end >= 0) {
        const line = this.#pending.slice(0, end);
        this.#pending = this.#pending.slice(end + 1);
        return line;
      }
      const { value, done } = await this.#replies.read();
      if (done) throw new Error(`Cannot run ${this.name}: its process must answer, but it ended`);
      this.#pending += value;
    }
  }

  /** Ends the process. */
  async close(): Promise<void> {
    await this.#requests.close().catch(() => {}); // already closed where the process is gone
    await this.#replies.cancel();
    await this.#process.status;
    await Promise.all(this.#files.map((file) => Deno.remove(file)));
  }
}

function siblingPath(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

/** The version of PyTorch that a Python has, or undefined where it has none or is not there itself. */
export async function torchVersion(python: string): Promise<string | undefined> {
  const args = ["-c", "import torch; print(torch.__version__)"];
  const command = new Deno.Command(python, { args, stderr: "null" });
  const output = await command.output().catch(() => undefined);
  return output?.success ? new TextDecoder().decode(output.stdout).trim() : undefined;
}

/** Writes a model's parameters and batches for PyTorch. @returns the file's path. */
async function writeTensors(spec: ModelSpec): Promise<string> {
  const { parameters, batches } = benchModel(spec);
  const tensors = new Map<string, SafetensorsTensor>();
  for (const [name, tensor] of parameters) tensors.set(`parameter.${name}`, { dtype: "F32", ...tensor });
  batches.forEach((batch, i) => {
    for (const [name, tensor] of batch) tensors.set(`feed.${i}.${name}`, { dtype: "F32", ...tensor });
  });
  const path = await Deno.makeTempFile({ suffix: ".safetensors" });
  await Deno.writeFile(path, encodeSafetensors(tensors));
  return path;
}
