import assert from "node:assert/strict";
import fc from "fast-check";
import { SonospeechError } from "../../../lib/errors.ts";
import {
  decodeSafetensors,
  encodeSafetensors,
  SafetensorsAppender,
  SafetensorsReader,
  type SafetensorsTensor,
} from "../../../lib/records/safetensors.ts";

const storeError = (error: unknown) => error instanceof SonospeechError && error.code === "store";

/** A file with this header text and `dataBytes` zero bytes after it. */
function fileWith(header: string, dataBytes = 0): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const entry = (dtype: string, shape: unknown, offsets: unknown) =>
  JSON.stringify({ dtype, shape, data_offsets: offsets });

Deno.test("encodeSafetensors() writes the bytes the format prescribes", () => {
  const bytes = encodeSafetensors(
    new Map([["x", { dtype: "U8", shape: [2], data: new Uint8Array([7, 9]) }]]),
  );
  const header = '{"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}   ';
  assert.equal(new DataView(bytes.buffer).getBigUint64(0, true), BigInt(header.length));
  assert.equal(new TextDecoder().decode(bytes.subarray(8, 8 + header.length)), header);
  assert.deepEqual([...bytes.subarray(8 + header.length)], [7, 9]);
});

Deno.test("decodeSafetensors() gives back what encodeSafetensors() was given, every type aligned", () => {
  const tensors = new Map<string, SafetensorsTensor>([
    ["u8", { dtype: "U8", shape: [3], data: new Uint8Array([1, 2, 3]) }],
    ["f32", { dtype: "F32", shape: [1, 2], data: Float32Array.of(0.5, -1) }],
    ["f64", { dtype: "F64", shape: [], data: Float64Array.of(Math.PI) }],
    ["f16", { dtype: "F16", shape: [1], data: Float16Array.of(1.5) }],
    ["i16", { dtype: "I16", shape: [2], data: Int16Array.of(-32768, 32767) }],
    ["i32", { dtype: "I32", shape: [1], data: Int32Array.of(-5) }],
    ["i64", { dtype: "I64", shape: [1], data: BigInt64Array.of(-(2n ** 62n)) }],
    ["empty", { dtype: "F32", shape: [0, 4], data: new Float32Array(0) }],
    ["__proto__", { dtype: "U8", shape: [1], data: new Uint8Array([1]) }],
  ]);
  const decoded = decodeSafetensors(encodeSafetensors(tensors, { unit: 'a "quoted" ünit' }));
  assert.deepEqual(decoded.tensors, tensors);
  assert.deepEqual(decoded.metadata, { unit: 'a "quoted" ünit' });
});

Deno.test("decodeSafetensors() inverts encodeSafetensors() for any names and values", () => {
  const name = fc.string().filter((text) =>
    text !== "__metadata__" && text !== "__proto__" && text.isWellFormed()
  );
  fc.assert(fc.property(fc.dictionary(name, fc.float32Array()), (values) => {
    const tensors = new Map(
      Object.entries(values).map(([key, data]) =>
        [key, { dtype: "F32", shape: [data.length], data } as SafetensorsTensor] as const
      ),
    );
    assert.deepEqual(decodeSafetensors(encodeSafetensors(tensors)).tensors, tensors);
  }));
});

Deno.test("encodeSafetensors() refuses data that do not fit the shape or the type", () => {
  const wrong: SafetensorsTensor[] = [
    { dtype: "F32", shape: [3], data: new Float32Array(2) },
    { dtype: "F32", shape: [2], data: new Float64Array(2) },
  ];
  for (const tensor of wrong) assert.throws(() => encodeSafetensors(new Map([["x", tensor]])), storeError);
});

const refused: [string, Uint8Array][] = [
  ["fewer than 8 bytes", new Uint8Array(4)],
  [
    "a header above 100 MB",
    (() => {
      const bytes = new Uint8Array(16);
      new DataView(bytes.buffer).setBigUint64(0, 100_000_001n, true);
      return bytes;
    })(),
  ],
  [
    "a header longer than the file",
    (() => {
      const bytes = fileWith("{}");
      new DataView(bytes.buffer).setBigUint64(0, 3n, true);
      return bytes;
    })(),
  ],
  ["no JSON", fileWith("{x")],
  [
    "no UTF-8",
    (() => {
      const bytes = fileWith('{"x":1}');
      bytes[10] = 0xff;
      return bytes;
    })(),
  ],
  ["no object", fileWith("[]")],
  ["an unknown type", fileWith(`{"x":${entry("X9", [1], [0, 1])}}`, 1)],
  ["a type named like an object's method", fileWith(`{"x":${entry("toString", [1], [0, 1])}}`, 1)],
  ["a negative size", fileWith(`{"x":${entry("U8", [-1], [0, 1])}}`, 1)],
  ["a fractional size", fileWith(`{"x":${entry("U8", [0.5], [0, 1])}}`, 1)],
  ["a size that is not the offsets'", fileWith(`{"x":${entry("U8", [2], [0, 1])}}`, 1)],
  ["an overlap", fileWith(`{"x":${entry("U8", [2], [0, 2])},"y":${entry("U8", [2], [1, 3])}}`, 3)],
  ["a gap", fileWith(`{"x":${entry("U8", [1], [0, 1])},"y":${entry("U8", [1], [2, 3])}}`, 3)],
  ["a gap at the start", fileWith(`{"x":${entry("U8", [1], [1, 2])}}`, 2)],
  ["bytes after the last tensor", fileWith(`{"x":${entry("U8", [1], [0, 1])}}`, 2)],
  ["a tensor outside the file", fileWith(`{"x":${entry("U8", [9], [0, 9])}}`, 2)],
  ["a repeated name", fileWith(`{"x":${entry("U8", [1], [0, 1])},"x":${entry("U8", [1], [0, 1])}}`, 1)],
  [
    "a repeated name in disguise",
    fileWith(`{"x":${entry("U8", [0], [0, 0])},"\\u0078":${entry("U8", [1], [0, 1])}}`, 1),
  ],
  ["metadata that are no strings", fileWith('{"__metadata__":{"a":1}}')],
];
for (const [what, bytes] of refused) {
  Deno.test(`decodeSafetensors() refuses ${what}`, () => {
    assert.throws(() => decodeSafetensors(bytes), storeError);
  });
}

Deno.test("SafetensorsAppender makes the file that decodeSafetensors() and SafetensorsReader read", () => {
  const folder = Deno.makeTempDirSync();
  const path = `${folder}/frames.safetensors`;
  const appender = new SafetensorsAppender(path, {
    name: "frames",
    dtype: "U8",
    rowShape: [2, 3],
    metadata: { a: "b" },
  });
  const values = Uint8Array.from({ length: 5 * 6 }, (_, i) => i);
  appender.append(values.subarray(0, 7));
  assert.throws(() => Deno.statSync(path), Deno.errors.NotFound);
  appender.append(values.subarray(7));
  assert.equal(appender.finish(), 5);
  const { tensors, metadata } = decodeSafetensors(Deno.readFileSync(path));
  assert.deepEqual(tensors.get("frames"), { dtype: "U8", shape: [5, 2, 3], data: values });
  assert.deepEqual(metadata, { a: "b" });
  const reader = new SafetensorsReader(path);
  assert.deepEqual(reader.readRows("frames", 3, 2), values.slice(18));
  assert.deepEqual(reader.readRows("frames", 5, 0), new Uint8Array(0));
  assert.throws(() => reader.readRows("frames", 4, 2), storeError);
  assert.throws(() => reader.readRows("frames", -1, 1), storeError);
  assert.throws(() => reader.readRows("other", 0, 0), storeError);
  reader.close();
  assert.equal([...Deno.readDirSync(folder)].length, 1);
  Deno.removeSync(folder, { recursive: true });
});

Deno.test("SafetensorsAppender refuses an incomplete row and leaves no file", () => {
  const folder = Deno.makeTempDirSync();
  const appender = new SafetensorsAppender(`${folder}/x`, { name: "x", dtype: "I16", rowShape: [2] });
  appender.append(Int16Array.of(1, 2, 3));
  assert.throws(() => appender.finish(), storeError);
  assert.equal([...Deno.readDirSync(folder)].length, 0);
  Deno.removeSync(folder);
});

Deno.test("SafetensorsReader refuses a file that was cut off", () => {
  const path = Deno.makeTempFileSync();
  const bytes = encodeSafetensors(new Map([["x", { dtype: "F32", shape: [4], data: new Float32Array(4) }]]));
  Deno.writeFileSync(path, bytes.subarray(0, bytes.length - 1));
  assert.throws(() => new SafetensorsReader(path), storeError);
  Deno.removeSync(path);
});
