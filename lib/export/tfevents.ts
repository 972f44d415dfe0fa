/**
 * TensorBoard's event files: scalars by tag and step.
 *
 * A file is a list of records (length, masked CRC-32C of the length, data, masked CRC-32C of the data), each of which
 * holds an `Event` message of protocol buffers. No maintained package writes them; this is all of it that scalars need.
 *
 * @see https://github.com/tensorflow/tensorboard/blob/master/tensorboard/compat/proto/event.proto
 * @see https://www.tensorflow.org/tutorials/load_data/tfrecord
 * @module
 */

/** Numbers of one moment. */
export interface ScalarEvent {
  /** Seconds since 1970. */
  timeSeconds: number;
  /** The run's step. */
  step: number;
  /** Numbers by tag; what was not finite is NaN. */
  scalars: Readonly<Record<string, number>>;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  // Castagnoli's polynomial, bits reversed.
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** CRC-32C (Castagnoli; RFC 3720, appendix B.4). */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = crcTable[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** A checksum turned and shifted, so that checksums of data that hold checksums are still good ones. */
export function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** The bytes of an event file. */
export function encodeEventFile(events: Iterable<ScalarEvent>): Uint8Array<ArrayBuffer> {
  const records: Uint8Array[] = [];
  let first = true;
  for (const event of events) {
    if (first) records.push(record(versionMessage(event.timeSeconds)));
    first = false;
    records.push(record(eventMessage(event)));
  }
  if (first) records.push(record(versionMessage(0)));
  return concatenated(records);
}

function record(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(16 + data.length);
  const view = new DataView(out.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc(out.subarray(0, 8)), true);
  out.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc(data), true);
  return out;
}

/** Every file begins with its version. */
function versionMessage(timeSeconds: number): Uint8Array {
  return concatenated([doubleField(1, timeSeconds), bytesField(3, text("brain.Event:2"))]);
}

function eventMessage({ timeSeconds, step, scalars }: ScalarEvent): Uint8Array {
  const values = Object.entries(scalars).map(([tag, value]) =>
    bytesField(1, concatenated([bytesField(1, text(tag)), floatField(2, value)]))
  );
  return concatenated([
    doubleField(1, timeSeconds),
    wholeField(2, step),
    bytesField(5, concatenated(values)),
  ]);
}

// Fields of protocol buffers: https://protobuf.dev/programming-guides/encoding/

const text = (value: string) => new TextEncoder().encode(value);

function varint(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) out.push((rest % 128) | 128);
  return [...out, rest];
}

function wholeField(number: number, value: number): Uint8Array {
  return Uint8Array.from([number << 3, ...varint(value)]);
}

function bytesField(number: number, bytes: Uint8Array): Uint8Array {
  return concatenated([Uint8Array.from([(number << 3) | 2, ...varint(bytes.length)]), bytes]);
}

function doubleField(number: number, value: number): Uint8Array {
  const out = new Uint8Array(9);
  out[0] = (number << 3) | 1;
  new DataView(out.buffer).setFloat64(1, value, true);
  return out;
}

function floatField(number: number, value: number): Uint8Array {
  const out = new Uint8Array(5);
  out[0] = (number << 3) | 5;
  new DataView(out.buffer).setFloat32(1, value, true);
  return out;
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (out.set(part, at), at + part.length), 0);
  return out;
}
