import assert from "node:assert/strict";
import {
  chooseDevice,
  createExecutor,
  describeAdapters,
  measureGigaflops,
} from "../../../lib/tensor/device.ts";

Deno.test("describeAdapters() names the adapter and says whether it is hardware", async () => {
  for (const { name, isHardware, limits } of await describeAdapters()) {
    assert(name.length > 0);
    if (/llvmpipe|swiftshader/i.test(name)) assert.equal(isHardware, false);
    assert(limits.maxBufferSizeBytes >= 2 ** 28);
    assert(limits.maxComputeInvocationsPerWorkgroup >= 64);
  }
});

Deno.test("chooseDevice() takes a hardware adapter for auto, else wasm", async () => {
  const hasHardware = (await describeAdapters()).some(({ isHardware }) => isHardware);
  const executor = await chooseDevice("auto");
  assert.equal(executor.device.kind, hasHardware ? "webgpu" : "wasm");
  assert.equal(executor.device.isHardware, hasHardware);
  await executor.dispose();
});

Deno.test("chooseDevice() takes what it was asked for", async () => {
  const executor = await chooseDevice("cpu");
  assert.equal(executor.device.kind, "cpu");
  await executor.dispose();
});

Deno.test("measureGigaflops() checks the product and gives a speed", async () => {
  const executor = await createExecutor("wasm");
  const speed = await measureGigaflops(executor, 128);
  assert(speed > 0.1 && speed < 1e5, `${speed}`);
  await executor.dispose();
});
