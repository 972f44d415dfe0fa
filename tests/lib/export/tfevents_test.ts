import assert from "node:assert/strict";
import { crc32c, encodeEventFile, maskedCrc } from "../../../lib/export/tfevents.ts";
import { readEventFile } from "../../helpers/tfevents.ts";

Deno.test("crc32c() has the values of RFC 3720, appendix B.4", () => {
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
  assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => 31 - i)), 0x113fdb5c);
  assert.equal(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
});

Deno.test("maskedCrc() turns by 15 bits and adds its constant", () => {
  // Of 32 zeros: 0x8a9136aa turned right by 15 is 0x6d551522.
  assert.equal(maskedCrc(new Uint8Array(32)), (0x6d551522 + 0xa282ead8) % 2 ** 32);
});

Deno.test("encodeEventFile() writes the bytes that the format prescribes for one scalar", () => {
  // time 1 s, step 300, tag "a", value 0.5; message by hand from event.proto and summary.proto.
  const message = [
    ...[0x09, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f], // 1: double 1
    ...[0x10, 0xac, 0x02], // 2: varint 300
    ...[0x2a, 0x0a, 0x0a, 0x08, 0x0a, 0x01, 0x61, 0x15, 0, 0, 0, 0x3f], // 5: { 1: { 1: "a", 2: float 0.5 } }
  ];
  const bytes = encodeEventFile([{ timeSeconds: 1, step: 300, scalars: { a: 0.5 } }]);
  const first = 16 + 24; // the version's record: double, "brain.Event:2"
  assert.deepEqual([...bytes.subarray(first, first + 8)], [message.length, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual([...bytes.subarray(first + 12, bytes.length - 4)], message);
  assert.deepEqual([...bytes.subarray(21, 36)], [0x1a, 13, ...new TextEncoder().encode("brain.Event:2")]);
});

Deno.test("encodeEventFile() is read back, with large steps, long tags and what is not finite", () => {
  const long = "ä".repeat(100);
  const events = [
    { timeSeconds: 1.7e9 + 0.25, step: 0, scalars: { "loss/total": 4.5 } },
    { timeSeconds: 1.7e9 + 1, step: 5_000_000_000, scalars: { [long]: -1, "loss/order": NaN, x: Infinity } },
    {
      timeSeconds: 1.7e9 + 2,
      step: 127,
      scalars: Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`m${i}`, i])),
    },
  ];
  const [version, ...read] = readEventFile(encodeEventFile(events));
  assert.deepEqual(version, { wallTime: 1.7e9 + 0.25, step: 0, version: "brain.Event:2", scalars: {} });
  assert.deepEqual(
    read,
    events.map(({ timeSeconds, step, scalars }) => ({ wallTime: timeSeconds, step, scalars })),
  );
});

Deno.test("encodeEventFile() of nothing is a file with its version", () => {
  assert.deepEqual(readEventFile(encodeEventFile([])).map(({ version }) => version), ["brain.Event:2"]);
});
