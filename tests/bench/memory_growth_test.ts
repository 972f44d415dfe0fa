import assert from "node:assert/strict";
import { Random } from "../../lib/random.ts";
import { memoryGrowth, type MemorySample } from "./memory_growth.ts";

const mebibyte = 2 ** 20;

/** A process that fills up at first, leaves ever more garbage before it collects, and leaks so many bytes a step. */
function soak(leak: number, tensorLeakEvery = Infinity): MemorySample[] {
  const random = new Random(2, "soak");
  return Array.from({ length: 600 }, (_, i) => {
    const step = 16 * (i + 1);
    const warm = 100 * mebibyte * (1 - Math.exp(-i / 20));
    const bytes = warm + leak * step + random.uniform(0, 40 + i / 10) * mebibyte;
    return {
      step,
      residentBytes: bytes,
      heapBytes: bytes / 2,
      deviceTensors: 30 + Math.floor(i / tensorLeakEvery),
    };
  });
}

Deno.test("memoryGrowth() tells no growth where garbage comes and goes", () => {
  const { residentBytes, heapBytes, deviceTensors } = memoryGrowth(soak(0));
  assert.ok(Math.abs(residentBytes) < 8 * mebibyte, `${residentBytes / mebibyte} MiB`);
  assert.ok(Math.abs(heapBytes) < 4 * mebibyte);
  assert.equal(deviceTensors, 0);
});

Deno.test("memoryGrowth() finds a leak of 8 KiB a step beneath the garbage, and a leak of tensors", () => {
  const steps = 16 * 600;
  const { residentBytes, deviceTensors } = memoryGrowth(soak(8192, 200));
  const leaked = 8192 * steps;
  assert.ok(Math.abs(residentBytes / leaked - 1) < 0.1, `${residentBytes} of ${leaked}`);
  assert.equal(deviceTensors, 2);
});

Deno.test("memoryGrowth() refuses too few samples", () => {
  assert.throws(() => memoryGrowth(soak(0).slice(0, 39)), /40 samples/);
});
