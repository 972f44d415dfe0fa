import assert from "node:assert/strict";
import { findAdapter } from "../../../lib/tensor/executors/webgpu_adapter.ts";
import { WebgpuMemory } from "../../../lib/tensor/executors/webgpu_memory.ts";

const ignore = await findAdapter() === undefined;
const tensor = { shape: [2, 2], data: new Float32Array([1, 2, 3, 4]) };

Deno.test({
  name: "WebgpuMemory reads several tensors at once and keeps what was uploaded from later changes",
  ignore,
  async fn() {
    const memory = await WebgpuMemory.open();
    const data = tensor.data.slice();
    const handles = [
      memory.upload({ shape: [2, 2], data }),
      memory.upload({ shape: [], data: new Float32Array([7]) }),
    ];
    data.fill(0);
    assert.deepEqual((await memory.read(handles)).map((values) => [...values]), [[1, 2, 3, 4], [7]]);
    memory.dispose();
  },
});

Deno.test({
  name: "WebgpuMemory.read() throws after any error of the device, however long ago",
  ignore,
  async fn() {
    const memory = await WebgpuMemory.open();
    const handle = memory.upload(tensor);
    await memory.read([handle]);
    memory.device.createBuffer({ size: 4, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE });
    await assert.rejects(() => memory.read([handle]), { name: "SonospeechError", code: "device" });
    await assert.rejects(() => memory.read([handle]), { name: "SonospeechError", code: "device" });
    memory.dispose();
  },
});

Deno.test({
  name: "WebgpuMemory.read() throws when the device is gone",
  ignore,
  async fn() {
    const memory = await WebgpuMemory.open();
    const handle = memory.upload(tensor);
    memory.device.destroy();
    await assert.rejects(() => memory.read([handle]), { name: "SonospeechError", code: "device" });
  },
});
