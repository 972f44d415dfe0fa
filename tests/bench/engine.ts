/**
 * Starting engines and asking them to run steps.
 *
 * @module
 */

import { benchModel, type ModelSpec } from "./bench_models.ts";
import { mainScript, siblingPath } from "./scripts.ts";
import { type TorchReport, writeForTorch } from "./torch.ts";

/** Every engine that can be compared, with what it is called in tables. */
export const engineLabels = {
  "wasm": "Sonospeech wasm",
  "wasm-1": "Sonospeech wasm, 1 thread",
  "wasm-before": "Sonospeech wasm, before",
  "webgpu": "Sonospeech webgpu",
  "webgpu-f16": "Sonospeech webgpu, f16 storage",
  "stock-webgpu": "stock tfjs webgpu",
  "stock-wasm": "stock tfjs wasm",
  "jax-js": "jax-js webgpu",
  "torch": "PyTorch, processor",
  "torch-cuda": "PyTorch, CUDA, float32",
  "torch-cuda-tf32": "PyTorch, CUDA, TF32",
  "torch-cuda-compile": "PyTorch, CUDA, torch.compile",
} as const;

/** The name of an engine on the command line. */
export type EngineName = keyof typeof engineLabels;

/** All names, in the order of the table. */
export const engineNames = Object.keys(engineLabels) as EngineName[];

/** Those that engine_process.ts runs. */
export type OwnProcessName = Exclude<EngineName, `torch${string}` | "wasm-before">;

/** What some engines need. */
export interface EngineOptions {
  /** The Python that has PyTorch, where one was found. */
  python?: string;
  /** Its PyTorch. */
  torch?: TorchReport;
  /** The checkout of another commit, for `wasm-before`. */
  before?: string;
  /** Ends the engine. */
  signal?: AbortSignal;
}

/** Asks for steps. */
export interface EngineRequest {
  steps: number;
  /** Always on the first batch, or on batches in turn. */
  sameBatch: boolean;
  /** The objective of every so manieth step is read, and of the last; steps between need not be waited for. */
  readEvery: number;
}

/** What a block of steps took; or why it could not be run. */
export type EngineReply = EngineBlock | { error: string };

/** Steps that were run. */
export interface EngineBlock {
  /** For each reading, the mean time of a step since the last one. */
  milliseconds: number[];
  /** The objectives before the update that were read. */
  objectives: number[];
  /** Device memory that the program has planned, where memory is planned. */
  deviceBytes?: number;
  /** Memory of the engine's process. */
  residentBytes?: number;
}

/** An engine in a process of its own. */
export class Engine {
  readonly name: EngineName;
  readonly #process: Deno.ChildProcess;
  readonly #requests: WritableStreamDefaultWriter<Uint8Array>;
  readonly #replies: ReadableStreamDefaultReader<string>;
  readonly #folder?: string;
  #pending = "";

  private constructor(name: EngineName, command: string, args: readonly string[], options: StartOptions) {
    this.name = name;
    this.#folder = options.folder;
    this.#process = new Deno.Command(command, {
      args: [...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
      signal: options.signal,
    }).spawn();
    this.#requests = this.#process.stdin.getWriter();
    this.#replies = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Starts an engine on a model; gives the reason where it cannot be had. */
  static async start(
    name: EngineName,
    spec: ModelSpec,
    options: EngineOptions,
  ): Promise<Engine | { absent: string }> {
    const absent = reasonOfAbsence(name, options);
    if (absent) return { absent };
    const { python, before, signal } = options;
    if (isTorch(name)) {
      const folder = await Deno.makeTempDir({ prefix: "sonospeech-bench-" });
      const mode = name === "torch" ? "cpu" : name.slice("torch-".length);
      const args = [siblingPath("torch_step.py"), mode, ...await writeForTorch(benchModel(spec), folder)];
      return new Engine(name, python!, args, { folder, signal });
    }
    const script = name === "wasm-before" ? `${before}/tests/bench/main.ts` : mainScript;
    const engine = name === "wasm-before" ? "wasm" : name;
    const args = ["run", "--no-prompt", "--allow-all", script, "engine", engine, JSON.stringify(spec)];
    return new Engine(name, Deno.execPath(), args, { signal });
  }

  /** Runs steps. @throws Error when the process ends instead of answering. */
  async run(request: EngineRequest): Promise<EngineReply> {
    await this.#requests.write(new TextEncoder().encode(JSON.stringify(request) + "\n")).catch(() => {});
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
    if (this.#folder) await Deno.remove(this.#folder, { recursive: true });
  }
}

interface StartOptions {
  /** Removed when the engine is closed. */
  folder?: string;
  signal?: AbortSignal;
}

function isTorch(name: EngineName): boolean {
  return name.startsWith("torch");
}

/** Why an engine cannot be had on this machine, or undefined. */
function reasonOfAbsence(name: EngineName, { torch, before }: EngineOptions): string | undefined {
  if (name === "wasm-before" && before === undefined) return "not run: --before names no checkout";
  if (!isTorch(name)) return undefined;
  if (!torch) return "not run: no Python with the module torch was found";
  if (name !== "torch" && !torch.cuda) return `not run: PyTorch ${torch.version} finds no CUDA device`;
  if (name === "torch-cuda-compile" && !torch.compiles) {
    return `not run: PyTorch ${torch.version} cannot compile`;
  }
}
