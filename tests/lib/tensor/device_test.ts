import assert from "node:assert/strict";
import {
  chooseDevice,
  createExecutor,
  describeAdapters,
  type DeviceMeasurements,
  type ExecutorOptions,
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

const [adapter] = await describeAdapters();

/** Measurements in memory; `get` answers with `kept` for trials, as long as there is something. */
function measurements(kept?: unknown): DeviceMeasurements & { all: Map<string, unknown> } {
  const all = new Map<string, unknown>();
  const get = (name: string) => name.startsWith("trial") ? kept ?? all.get(name) : all.get(name);
  return { all, get, set: (name, value) => Promise.resolve(void all.set(name, value)) };
}

async function chosen(options: ExecutorOptions): Promise<{ kind: string; notes: string[] }> {
  const notes: string[] = [];
  const executor = await chooseDevice("auto", {
    ...options,
    threads: 1,
    onNote: (note) => void notes.push(note),
  });
  await executor.dispose();
  return { kind: executor.device.kind, notes };
}

Deno.test({
  name: "chooseDevice() takes for auto what was found faster before, and says so",
  ignore: adapter === undefined,
  async fn() {
    for (const [wasm, webgpu, faster] of [[1, 20, "wasm"], [300, 20, "webgpu"]] as const) {
      const kept = measurements({ wasm, webgpu });
      const { kind, notes } = await chosen({ measurements: kept });
      assert.equal(kind, faster);
      assert.equal(notes.length, 1);
      assert.match(notes[0], new RegExp(`^auto takes ${faster}: .*, as measured before$`));
      assert.ok(![...kept.all.keys()].some((name) => name.startsWith("trial")), "nothing is measured again");
    }
  },
});

Deno.test({
  name: "chooseDevice() measures for auto what was not kept or is damaged, keeps it and takes the faster",
  ignore: adapter === undefined,
  async fn() {
    for (const damaged of [undefined, { wasm: 0, webgpu: 3 }]) {
      const kept = measurements(damaged);
      const { kind, notes } = await chosen({ measurements: kept });
      const [, times] = [...kept.all].find(([name]) => name.startsWith("trial"))!;
      const { wasm, webgpu } = times as { wasm: number; webgpu: number };
      assert.ok(wasm > 0 && webgpu > 0);
      assert.equal(kind, webgpu < wasm ? "webgpu" : "wasm");
      assert.match(
        notes.join(),
        new RegExp(`^auto takes ${kind}: a trial step takes .* ms on wasm, .* ms on `),
      );
      assert.doesNotMatch(notes.join(), /before/);
    }
  },
});

Deno.test({
  name: "createExecutor() takes the kernels that were kept for the adapter",
  ignore: adapter === undefined,
  async fn() {
    const kept = measurements();
    await (await createExecutor("webgpu", { measurements: kept })).dispose();
    const asked: string[] = [];
    const spying: DeviceMeasurements = { ...kept, get: (name) => (asked.push(name), "shared") };
    await (await createExecutor("webgpu", { measurements: spying })).dispose();
    assert.ok(asked.length === 1 && asked[0].includes(adapter!.name));
  },
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
