import assert from "node:assert/strict";
import { findAdapter } from "../../../lib/tensor/executors/webgpu_adapter.ts";
import { WebgpuDevice } from "../../../lib/tensor/executors/webgpu_device.ts";

const ignore = await findAdapter() === undefined;

function filled(device: WebgpuDevice, values: number[]): { buffer: GPUBuffer; offset: number; size: number } {
  const usage = GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const buffer = device.createBuffer("values", values.length, usage);
  device.gpu.queue.writeBuffer(buffer, 0, new Float32Array(values));
  return { buffer, offset: 0, size: values.length };
}

Deno.test({
  name: "WebgpuDevice.read() copies stretches of several buffers and holds nothing afterwards",
  ignore,
  async fn() {
    const device = await WebgpuDevice.open();
    const [first, second] = [filled(device, [1, 2, 3, 4]), filled(device, [7])];
    const read = await device.read([{ ...first, offset: 1, size: 2 }, second]);
    assert.deepEqual(read.map((values) => [...values]), [[2, 3], [7]]);
    assert.equal(device.bufferCount, 2);
    device.dispose();
    assert.equal(device.bufferCount, 0);
  },
});

Deno.test({
  name: "WebgpuDevice.read() throws after any error of the device, however long ago",
  ignore,
  async fn() {
    const device = await WebgpuDevice.open();
    const stretch = filled(device, [1]);
    await device.read([stretch]);
    device.gpu.createBuffer({ size: 4, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE });
    await assert.rejects(() => device.read([stretch]), { name: "SonospeechError", code: "device" });
    await assert.rejects(() => device.read([stretch]), { name: "SonospeechError", code: "device" });
    device.dispose();
  },
});

Deno.test({
  name: "WebgpuDevice.read() throws when the device is gone",
  ignore,
  async fn() {
    const device = await WebgpuDevice.open();
    const stretch = filled(device, [1]);
    device.gpu.destroy();
    await assert.rejects(() => device.read([stretch]), { name: "SonospeechError", code: "device" });
  },
});
