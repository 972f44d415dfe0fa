/**
 * Safetensors, the one container for tensors: data shards, checkpoints, embeddings, exports.
 *
 * A file is an 8-byte little-endian header length, a JSON header and the tensors' bytes without gaps. Everything
 * is checked before a byte is trusted. Files larger than memory are written by {@linkcode SafetensorsAppender}
 * (safetensors_appender.ts) and read by {@linkcode SafetensorsReader} (safetensors_reader.ts).
 *
 * @see The format: https://huggingface.co/docs/safetensors
 * @module
 */

import { SonospeechError } from "../errors.ts";
import { sizeOf } from "../shape.ts";

export { SafetensorsAppender } from "./safetensors_appender.ts";
export { SafetensorsReader } from "./safetensors_reader.ts";

const arrays = {
  F64: Float64Array,
  I64: BigInt64Array,
  F32: Float32Array,
  I32: Int32Array,
  F16: Float16Array,
  I16: Int16Array,
  U8: Uint8Array,
} as const;

/** Element types that Sonospeech reads and writes. */
export type SafetensorsDtype = "F64" | "I64" | "F32" | "I32" | "F16" | "I16" | "U8";

/** The values of a tensor. */
export type SafetensorsData =
  | Float32Array
  | Float64Array
  | Float16Array
  | Uint8Array
  | Int16Array
  | Int32Array
  | BigInt64Array;

/** A tensor with its type and shape; `data` is row-major and of the array type that `dtype` names. */
export interface SafetensorsTensor {
  /** Type of an element. */
  dtype: SafetensorsDtype;
  /** Sizes of the axes. */
  shape: readonly number[];
  /** The values, row-major. */
  data: SafetensorsData;
}

/** Where a tensor lies in a file: bytes [begin, end) after the header. */
export interface TensorEntry {
  /** Type of an element. */
  dtype: SafetensorsDtype;
  /** Sizes of the axes. */
  shape: readonly number[];
  /** Offset of the first byte after the header. */
  begin: number;
  /** Offset after the last byte. */
  end: number;
}

/** A checked header. */
export interface SafetensorsHeader {
  /** Tensors by name, in the header's order. */
  entries: Map<string, TensorEntry>;
  /** Free texts. */
  metadata: Record<string, string>;
  /** Offset of the first tensor's bytes in the file. */
  dataStart: number;
}

/** Headers above this size are refused, as by the reference implementation. */
export const maximumHeaderBytes = 100_000_000;

/** Bytes of one element. */
export function elementBytes(dtype: SafetensorsDtype): number {
  return arrays[dtype].BYTES_PER_ELEMENT;
}

/** Wraps bytes as the array type that `dtype` names; the bytes are copied when they are not aligned for it. */
export function asTypedArray(dtype: SafetensorsDtype, bytes: Uint8Array): SafetensorsData {
  const aligned = bytes.byteOffset % elementBytes(dtype) === 0 ? bytes : bytes.slice();
  const length = bytes.byteLength / elementBytes(dtype);
  return new arrays[dtype](aligned.buffer as ArrayBuffer, aligned.byteOffset, length);
}

/** The bytes of a typed array, not copied. */
export function bytesOf(data: SafetensorsData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function refuse(must: string, received?: unknown): never {
  throw new SonospeechError("store", { action: "read safetensors", must, received });
}

/**
 * Checks that a tensor's array fits its type and shape.
 *
 * @throws SonospeechError `store` when it does not.
 */
export function checkTensor(name: string, tensor: SafetensorsTensor): void {
  const fits = tensor.data instanceof arrays[tensor.dtype] && tensor.data.length === sizeOf(tensor.shape);
  if (fits && name !== "__metadata__") return;
  throw new SonospeechError("store", {
    action: `write tensor "${name}"`,
    must: `its data must be ${sizeOf(tensor.shape)} ${tensor.dtype} values as its shape says`,
    received: `${tensor.data.length} values in a ${tensor.data.constructor.name}`,
  });
}

/** The 8-byte length and the JSON header, padded with spaces to a multiple of 8 and to at least `minimumBytes`. */
export function encodeHeader(
  entries: ReadonlyMap<string, TensorEntry>,
  metadata: Record<string, string>,
  minimumBytes = 0,
): Uint8Array {
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  for (const [name, { dtype, shape, begin, end }] of entries) {
    header[name] = { dtype, shape, data_offsets: [begin, end] };
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(Math.max(minimumBytes, 8 + Math.ceil(json.length / 8) * 8)).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(bytes.length - 8), true);
  bytes.set(json, 8);
  return bytes;
}

/**
 * Encodes tensors as one safetensors file; larger element types lie first, so that every tensor is aligned.
 *
 * @throws SonospeechError `store` when a tensor's data do not fit its shape or type.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { decodeSafetensors, encodeSafetensors } from "./safetensors.ts";
 * const bytes = encodeSafetensors(new Map([["x", { dtype: "F32", shape: [2], data: Float32Array.of(1, 2) }]]));
 * assert(decodeSafetensors(bytes).tensors.get("x")?.data[1] === 2);
 * ```
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  metadata: Record<string, string> = {},
): Uint8Array {
  for (const [name, tensor] of tensors) checkTensor(name, tensor);
  const order = [...tensors].sort((a, b) => elementBytes(b[1].dtype) - elementBytes(a[1].dtype));
  const entries = new Map<string, TensorEntry>();
  let end = 0;
  for (const [name, { dtype, shape, data }] of order) {
    entries.set(name, { dtype, shape, begin: end, end: end += data.byteLength });
  }
  const header = encodeHeader(entries, metadata);
  const file = new Uint8Array(header.length + end);
  file.set(header);
  for (const [name, { data }] of order) file.set(bytesOf(data), header.length + entries.get(name)!.begin);
  return file;
}

/**
 * Decodes a whole safetensors file; the tensors' data are copies.
 *
 * @throws SonospeechError `store` when the header is longer than 100 MB or no valid JSON, a name appears twice, a
 * size is wrong, or the tensors overlap, leave gaps or reach outside the file.
 */
export function decodeSafetensors(
  bytes: Uint8Array,
): { tensors: Map<string, SafetensorsTensor>; metadata: Record<string, string> } {
  const { entries, metadata, dataStart } = parseHeader(bytes, bytes.length);
  const tensors = new Map<string, SafetensorsTensor>();
  for (const [name, { dtype, shape, begin, end }] of entries) {
    const data = asTypedArray(dtype, bytes.slice(dataStart + begin, dataStart + end));
    tensors.set(name, { dtype, shape, data });
  }
  return { tensors, metadata };
}

/** The length of a file's JSON header, checked against the limits. @throws SonospeechError `store`. */
export function headerLength(first8: Uint8Array, fileBytes: number): number {
  if (first8.length < 8) refuse("the file must begin with an 8-byte header length", `${first8.length} bytes`);
  const length = new DataView(first8.buffer, first8.byteOffset).getBigUint64(0, true);
  if (length > BigInt(maximumHeaderBytes)) refuse("the header must be at most 100 MB", length);
  if (length > BigInt(fileBytes - 8)) refuse("the header must lie inside the file", length);
  return Number(length);
}

/**
 * Parses and checks the header at the start of `bytes`.
 *
 * @param bytes At least the header; the tensors' bytes need not be there.
 * @param fileBytes The size of the whole file.
 * @throws SonospeechError `store` as {@linkcode decodeSafetensors}.
 */
export function parseHeader(bytes: Uint8Array, fileBytes: number): SafetensorsHeader {
  const length = headerLength(bytes, fileBytes);
  const dataStart = 8 + length;
  let json: unknown;
  let text = "";
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, dataStart));
    json = JSON.parse(text);
  } catch (cause) {
    throw new SonospeechError("store", {
      action: "read safetensors",
      must: "the header must be JSON",
      cause,
    });
  }
  if (!isObject(json)) refuse("the header must be a JSON object", json);
  refuseDuplicates(topLevelKeys(text));
  const entries = new Map<string, TensorEntry>();
  for (const [name, value] of Object.entries(json)) {
    if (name !== "__metadata__") entries.set(name, parseEntry(name, value));
  }
  checkLayout(entries, fileBytes - dataStart);
  return { entries, metadata: parseMetadata(json), dataStart };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function parseMetadata(header: Record<string, unknown>): Record<string, string> {
  if (!Object.hasOwn(header, "__metadata__")) return {};
  const metadata = header.__metadata__;
  if (!isObject(metadata) || !Object.values(metadata).every((text) => typeof text === "string")) {
    refuse("__metadata__ must be an object of strings", metadata);
  }
  return metadata as Record<string, string>;
}

function parseEntry(name: string, value: unknown): TensorEntry {
  if (!isObject(value)) refuse(`tensor "${name}" must be an object`, value);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string" || !Object.hasOwn(arrays, dtype)) {
    refuse(`tensor "${name}" must have one of the types ${Object.keys(arrays).join(", ")}`, dtype);
  }
  if (!Array.isArray(shape) || !shape.every(isCount)) {
    refuse(`tensor "${name}" must have a shape of counts`, shape);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    refuse(`tensor "${name}" must have two data_offsets`, offsets);
  }
  const [begin, end] = offsets;
  const known = dtype as SafetensorsDtype;
  if (end - begin !== sizeOf(shape) * elementBytes(known)) {
    refuse(`tensor "${name}" must span ${sizeOf(shape) * elementBytes(known)} bytes`, end - begin);
  }
  return { dtype: known, shape, begin, end };
}

function checkLayout(entries: Map<string, TensorEntry>, dataBytes: number): void {
  let end = 0;
  for (const [name, entry] of [...entries].sort((a, b) => a[1].begin - b[1].begin || a[1].end - b[1].end)) {
    if (entry.begin !== end) {
      refuse(`tensor "${name}" must begin where the one before it ends, at ${end}`, entry.begin);
    }
    end = entry.end;
  }
  if (end !== dataBytes) refuse(`the tensors must fill the file's ${dataBytes} data bytes`, end);
}

function refuseDuplicates(keys: string[]): void {
  const seen = new Set<string>();
  for (const key of keys) {
    if (seen.has(key)) refuse("every name must appear once", key);
    seen.add(key);
  }
}

/** The keys of a JSON text's outermost object, in order and with repetitions, which JSON.parse drops. */
function topLevelKeys(json: string): string[] {
  const keys: string[] = [];
  let depth = 0;
  for (const match of json.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g)) {
    const token = match[0];
    if (token === "{" || token === "[") depth++;
    else if (token === "}" || token === "]") depth--;
    else if (depth === 1 && match[1] !== undefined) keys.push(JSON.parse(token.slice(0, -match[1].length)));
  }
  return keys;
}
