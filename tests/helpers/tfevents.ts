/** Reads TensorBoard's event files back, field by field. @module */

import assert from "node:assert/strict";
import { maskedCrc } from "../../lib/export/tfevents.ts";

export interface ReadEvent {
  wallTime: number;
  step: number;
  version?: string;
  scalars: Record<string, number>;
}

type Field = { number: number; value: number | Uint8Array };

/** The fields of a protocol buffers message; 64-bit and 32-bit values come as their bytes. */
function* fields(bytes: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = () => {
    let [value, scale] = [0, 1];
    for (;; scale *= 128) {
      const byte = bytes[at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const [number, type] = [key >> 3, key & 7];
    if (type === 0) yield { number, value: varint() };
    else {
      const length = type === 1 ? 8 : type === 5 ? 4 : varint();
      assert.ok(type === 1 || type === 2 || type === 5, `wire type ${type}`);
      assert.ok(at + length <= bytes.length, "a field lies inside its message");
      yield { number, value: bytes.subarray(at, at += length) };
    }
  }
}

const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function readValue(bytes: Uint8Array): [string, number] {
  const all = new Map([...fields(bytes)].map(({ number, value }) => [number, value as Uint8Array]));
  return [new TextDecoder().decode(all.get(1)), view(all.get(2)!).getFloat32(0, true)];
}

/** Every event of a file, whose checksums must hold. */
export function readEventFile(bytes: Uint8Array): ReadEvent[] {
  const events: ReadEvent[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = Number(view(bytes).getBigUint64(at, true));
    assert.equal(view(bytes).getUint32(at + 8, true), maskedCrc(bytes.subarray(at, at + 8)));
    const data = bytes.subarray(at + 12, at + 12 + length);
    assert.equal(view(bytes).getUint32(at + 12 + length, true), maskedCrc(data));
    const event: ReadEvent = { wallTime: 0, step: 0, scalars: {} };
    for (const { number, value } of fields(data)) {
      if (number === 1) event.wallTime = view(value as Uint8Array).getFloat64(0, true);
      if (number === 2) event.step = value as number;
      if (number === 3) event.version = new TextDecoder().decode(value as Uint8Array);
      if (number === 5) {
        for (const one of fields(value as Uint8Array)) {
          const [tag, scalar] = readValue(one.value as Uint8Array);
          event.scalars[tag] = scalar;
        }
      }
    }
    events.push(event);
    at += 16 + length;
  }
  return events;
}
