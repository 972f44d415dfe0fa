/**
 * Weights that somebody gives, to start a training from.
 *
 * Only safetensors are read. A pickle (`.pt`, `.pth`, `.bin`) can run any program when it is opened; it is refused by
 * its name and by its first bytes, whatever it is called.
 *
 * @module
 */

import { basename, extname } from "node:path";
import { SonospeechError } from "../errors.ts";
import { decodeSafetensors, type SafetensorsTensor } from "../records/safetensors.ts";
import type { Tensor } from "../tensor/executor.ts";
import { provenanceFiles } from "./provenance.ts";
import { fromTorch } from "./torch_names.ts";
import { fromTorchvision, isTorchvision } from "./torchvision_names.ts";

/** Weights under our names. */
export interface ForeignWeights {
  /** Whose names they had. */
  names: "sonospeech" | "pytorch" | "torchvision";
  /** By our names. */
  tensors: Map<string, Tensor>;
  /** Of the file, hexadecimal. */
  sha256: string;
  /** Digests of the subjects they were trained on, as the file's run or passport tells; null where nothing does. */
  trainedOn: string[] | null;
}

const pickleExtensions = new Set([".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle"]);

/**
 * Reads weights and gives them our names: a checkpoint or export of ours, or torchvision's ResNet-18 for the video
 * encoder.
 *
 * @throws SonospeechError `input` for a pickle, another format, or names that nobody knows.
 */
export async function readForeignWeights(path: string): Promise<ForeignWeights> {
  refusePickleName(path);
  const bytes = await Deno.readFile(path).catch((cause) => {
    return refuse(path, "it must be a file that can be read", cause.name);
  });
  refuseOtherFormats(path, bytes);
  const tensors = floats(path, decodeSafetensors(bytes).tensors);
  const { names, named } = recognized(tensors) ??
    refuse(
      path,
      "its names must be those of a sonospeech run, of its PyTorch export or of torchvision's ResNet-18",
      [...tensors.keys()].slice(0, 3).join(", ") || "no tensors",
    );
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
  return { names, tensors: named, sha256: digest.toHex(), trainedOn: await subjectsOf(path) };
}

function recognized(
  tensors: Map<string, Tensor>,
): { names: ForeignWeights["names"]; named: Map<string, Tensor> } | undefined {
  if (isTorchvision(tensors)) return { names: "torchvision", named: fromTorchvision(tensors) };
  const fromExport = fromTorch(tensors);
  if (fromExport.size > 0) return { names: "pytorch", named: fromExport };
  if (![...tensors.keys()].some((name) => /^(video|speech)\./.test(name))) return undefined;
  const named = [...tensors].filter(([name]) => !/^(optimizer|pace)\./.test(name));
  return { names: "sonospeech", named: new Map(named) };
}

function refusePickleName(path: string): void {
  const extension = extname(path).toLowerCase();
  if (pickleExtensions.has(extension)) refusePickle(path, extension);
}

/** A safetensors file begins with the length of its header, below 2³², and the header's brace. */
function refuseOtherFormats(path: string, bytes: Uint8Array): void {
  const isSafetensors = bytes.length > 8 && bytes.subarray(4, 8).every((byte) => byte === 0) &&
    bytes[8] === 0x7b;
  if (isSafetensors) return;
  const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;
  const isPickle = bytes[0] === 0x80 && bytes[1] >= 2 && bytes[1] <= 5;
  if (isZip) refusePickle(path, "a zip archive, as PyTorch saves");
  if (isPickle) refusePickle(path, "a pickle");
  refuse(path, "it must be a safetensors file", "another format");
}

function refusePickle(path: string, received: string): never {
  throw new SonospeechError("input", {
    action: `read weights from ${basename(path)}`,
    must: "they must be safetensors: a pickle can run any program when it is opened",
    received,
    hint: `python3 -c "import torch; from safetensors.torch import save_file; ` +
      `w = torch.load('FILE', map_location='cpu', weights_only=True); ` +
      `save_file({k: v.contiguous() for k, v in w.items()}, 'FILE.safetensors')"`,
  });
}

function floats(path: string, tensors: ReadonlyMap<string, SafetensorsTensor>): Map<string, Tensor> {
  const out = new Map<string, Tensor>();
  for (const [name, { dtype, shape, data }] of tensors) {
    if (!/^F(16|32|64)$/.test(dtype)) continue; // Counters.
    const values = Float32Array.from(data as Float32Array);
    if (!values.every(Number.isFinite)) refuse(path, "every value must be finite", `${name} with others`);
    out.set(name, { shape, data: values });
  }
  return out;
}

/** Of an export's passport, or of the run's certificate and of what the run itself started from. */
async function subjectsOf(path: string): Promise<string[] | null> {
  const found = await Promise.all(
    provenanceFiles(path).map(async (file) => {
      try {
        const facts = JSON.parse(await Deno.readTextFile(file));
        return facts.dataset?.trainedOn ?? facts.splits?.train?.subjects ?? facts.start?.trainedOn;
      } catch {
        return undefined; // Not there, or about something else.
      }
    }),
  );
  const digests = found.filter((one) => Array.isArray(one)).flat().map(String);
  return digests.length === 0 ? null : [...new Set(digests)].sort();
}

function refuse(path: string, must: string, received: string): never {
  throw new SonospeechError("input", { action: `read weights from ${basename(path)}`, must, received });
}
