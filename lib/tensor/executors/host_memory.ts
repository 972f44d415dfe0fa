/**
 * The tfjs backends whose tensors lie in host memory: WebAssembly's heap or JavaScript arrays.
 *
 * @module
 */

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { MathBackendCPU } from "@tensorflow/tfjs-backend-cpu";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import {
  enableProdMode,
  findBackend,
  getKernel,
  type KernelBackend,
  setBackend,
} from "@tensorflow/tfjs-core";
import { SonospeechError } from "../../errors.ts";
import { type Shape, sizeOf } from "../../shape.ts";
import type { Handle } from "./tensor_device.ts";

/** Attributes of a tfjs kernel. */
export type KernelAttributes = Parameters<ReturnType<typeof getKernel>["kernelFunc"]>[0]["attrs"];

/** Tensors in host memory, and the backend's kernels on them. */
export interface HostMemory {
  /** Where the elements lie. */
  readonly kind: "wasm" | "cpu";
  /** Memory of undefined content. */
  allocate(shape: Shape): Handle;
  /** The tensor's elements in place; any allocation may make the view useless. */
  view(handle: Handle): Float32Array;
  /** A second hold on the same content, in another shape if one is given. */
  retain(handle: Handle, shape?: Shape): Handle;
  /** Gives one hold back. */
  release(handle: Handle): void;
  /** Calls a tfjs kernel. */
  call(kernel: string, inputs: Record<string, Handle>, attributes?: KernelAttributes): Handle;
  /** The number of tensors that are held. */
  tensorCount(): number;
}

/** Options of {@linkcode openHostMemory}. */
export interface WasmOptions {
  /**
   * Folder of tfjs's three .wasm files. By default the folder `wasm` beside the running module, where a packed
   * program has it, else tfjs's own package. It is read when the first wasm executor of a process is made.
   */
  wasmDirectory?: string | URL;
}

/** Makes a kind of host memory ready. tfjs allows one backend of a kind in a process: all callers share it. */
export async function openHostMemory(kind: "wasm" | "cpu", options: WasmOptions = {}): Promise<HostMemory> {
  enableProdMode(); // without it tfjs prints an advertisement
  if (kind === "cpu") return hostMemory(kind, await cpuBackend(), cpuAccess);
  return hostMemory(kind, await wasmBackend(options), wasmAccess);
}

interface Access<B> {
  allocate(backend: B, shape: number[]): Handle;
  view(backend: B, handle: Handle): Float32Array;
  /** False when there was no memory left, which tfjs does not notice. */
  isAllocated(backend: B, handle: Handle): boolean;
}

const wasmAccess: Access<BackendWasm> = {
  allocate: (backend, shape) => backend.makeOutput(shape, "float32"),
  isAllocated: (backend, { dataId }) => backend.getMemoryOffset(dataId) !== 0,
  view: (backend, handle) => backend.typedArrayFromHeap(handle) as Float32Array,
};

const cpuAccess: Access<MathBackendCPU> = {
  allocate: (backend, shape) => backend.makeTensorInfo(shape, "float32", new Float32Array(sizeOf(shape))),
  isAllocated: () => true,
  view: (backend, handle) => backend.data.get(handle.dataId).values as Float32Array,
};

function hostMemory<B extends KernelBackend>(
  kind: "wasm" | "cpu",
  backend: B,
  access: Access<B>,
): HostMemory {
  const checked = (handle: Handle): Handle => {
    if (access.isAllocated(backend, handle)) return handle;
    throw new SonospeechError("device", {
      action: `allocate a tensor on ${kind}`,
      must: "its memory must suffice (4 GB for WebAssembly)",
      received: `shape [${handle.shape}]`,
      hint: "Make data.batchSize smaller.",
    });
  };
  return {
    kind,
    allocate: (shape) => checked(access.allocate(backend, [...shape])),
    view: (handle) => access.view(backend, handle),
    retain(handle, shape = handle.shape) {
      backend.incRef(handle.dataId);
      return { dataId: handle.dataId, shape: [...shape], dtype: "float32" };
    },
    release: (handle) => void backend.disposeData(handle.dataId),
    call: (kernel, inputs, attrs) => checked(callKernel(kind, backend, kernel, inputs, attrs)),
    tensorCount: () => backend.numDataIds(),
  };
}

/** Calls a tfjs kernel of a backend on handles. @throws Error when tfjs has no such kernel. */
export function callKernel(
  backendName: string,
  backend: KernelBackend,
  kernel: string,
  inputs: Record<string, Handle>,
  attrs: KernelAttributes = {},
): Handle {
  const config = getKernel(kernel, backendName);
  if (config === undefined) throw new Error(`Cannot run ${kernel}: tfjs ${backendName} must have it`);
  const output = config.kernelFunc({ inputs, backend, attrs });
  return Array.isArray(output) ? output[0] : output;
}

/**
 * Products of matrices `[G, M, R]` and `[G, R, K]`. They are multiplied one by one: tfjs hands only single products
 * to native code that is some 20 times as fast as its loop over several, which pays for copying them.
 */
export function multiplyMatrices(memory: HostMemory, a: Handle, b: Handle): Handle {
  const [groups, rows] = a.shape;
  if (groups === 1) return memory.call("BatchMatMul", { a, b }, { transposeA: false, transposeB: false });
  const out = memory.allocate([groups, rows, b.shape[2]]);
  for (let g = 0; g < groups; g++) {
    const [left, right] = [matrixOf(memory, a, g), matrixOf(memory, b, g)];
    const product = multiplyMatrices(memory, left, right);
    const values = memory.view(product);
    memory.view(out).set(values, g * values.length);
    for (const handle of [left, right, product]) memory.release(handle);
  }
  return out;
}

/** A copy of one of the matrices of a stack. */
function matrixOf(memory: HostMemory, stack: Handle, index: number): Handle {
  const [, rows, columns] = stack.shape;
  const copy = memory.allocate([1, rows, columns]);
  memory.view(copy).set(memory.view(stack).subarray(index * rows * columns, (index + 1) * rows * columns));
  return copy;
}

let cpu: Promise<MathBackendCPU> | undefined;
let wasm: Promise<BackendWasm> | undefined;

function cpuBackend(): Promise<MathBackendCPU> {
  cpu ??= (async () => {
    await import("@tensorflow/tfjs-backend-cpu");
    await setBackend("cpu");
    return findBackend("cpu") as MathBackendCPU;
  })();
  return cpu;
}

function wasmBackend(options: WasmOptions): Promise<BackendWasm> {
  wasm ??= startWasm(options).catch((cause) => {
    wasm = undefined;
    throw new SonospeechError("device", {
      action: "start the WebAssembly executor",
      must: "tfjs's .wasm files must be readable in wasmDirectory",
      received: cause instanceof Error ? cause.message : cause,
      cause,
    });
  });
  return wasm;
}

async function startWasm(options: WasmOptions): Promise<BackendWasm> {
  provideNodeGlobals();
  const { setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
  const directory = options.wasmDirectory ?? wasmDirectoryOfThisProgram();
  const path = join(directory instanceof URL ? fileURLToPath(directory) : directory, "/");
  await Deno.stat(`${path}tfjs-backend-wasm-simd.wasm`); // where it is missing tfjs prints, and says less
  setWasmPaths(path);
  if (!await setBackend("wasm")) throw new Error("tfjs could not start its backend");
  return findBackend("wasm") as BackendWasm;
}

/** In the source tree the package's own folder; a bundle knows no packages and has the files beside it. */
function wasmDirectoryOfThisProgram(): string {
  try {
    return dirname(fileURLToPath(import.meta.resolve("@tensorflow/tfjs-backend-wasm")));
  } catch {
    return fileURLToPath(new URL("./wasm", import.meta.url));
  }
}

/** tfjs's WebAssembly loader asks for CommonJS's globals, which a bundled module does not have. */
function provideNodeGlobals(): void {
  const globals: Record<string, unknown> = globalThis as unknown as Record<string, unknown>;
  globals.require ??= createRequire(import.meta.url);
  globals.__filename ??= fileURLToPath(import.meta.url);
  globals.__dirname ??= dirname(fileURLToPath(import.meta.url));
}
