/**
 * The most multiply-adds that the graphics adapter does in a second.
 *
 * @module
 */

import assert from "node:assert/strict";
import { openDevice } from "../../lib/tensor/executors/webgpu_adapter.ts";
import { median } from "./statistics.ts";

const [lanes, turns, chains] = [64, 2048, 8];

/**
 * Every invocation keeps 8 independent chains of vec4 multiply-adds in registers, which hides the latency of each;
 * factors come from memory, so that nothing is computed beforehand. `x ← x · a + b` with a + b = 1 stays at 1 from
 * 1, which is checked.
 */
const code = `
@group(0) @binding(0) var<storage, read> factors: array<f32>;
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;
@compute @workgroup_size(${lanes}) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let a = vec4<f32>(factors[0]);
  let b = vec4<f32>(factors[1]);
${each((i) => `  var x${i} = vec4<f32>(factors[2] + f32(id.y) * factors[3]);`)}
  for (var turn = 0u; turn < ${turns}u; turn++) {
${each((i) => `    x${i} = fma(x${i}, a, b);`)}
  }
  var sum = vec4<f32>();
${each((i) => `  sum += x${i};`)}
  sums[id.x] = sum.x + sum.y + sum.z + sum.w;
}`;

function each(line: (i: number) => string): string {
  return Array.from({ length: chains }, (_, i) => line(i)).join("\n");
}

const flopsPerGroup = lanes * turns * chains * 4 * 2;

/** GFLOP/s of multiply-adds in registers. @throws AssertionError when the adapter's result is wrong. */
export async function measurePeakGigaflops(): Promise<number> {
  const { device } = await openDevice();
  try {
    const pipeline = device.createComputePipeline({
      layout: "auto",
      compute: { module: device.createShaderModule({ code }) },
    });
    const factors = Float32Array.of(0.75, 0.25, 1, 0);
    const [input, output, staging] = [
      device.createBuffer({
        size: factors.byteLength,
        usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST,
      }),
      device.createBuffer({
        size: 4 * lanes * mostGroups,
        usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC,
      }),
      device.createBuffer({ size: 4, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST }),
    ];
    device.queue.writeBuffer(input, 0, factors);
    const bindGroup = device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [input, output].map((buffer, binding) => ({ binding, resource: { buffer } })),
    });
    const seconds = async (groups: number) => {
      const start = performance.now();
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(groups);
      pass.end();
      encoder.copyBufferToBuffer(output, 4 * (lanes * groups - 1), staging, 0, 4);
      device.queue.submit([encoder.finish()]);
      await staging.mapAsync(GPUMapMode.READ);
      const [sum] = new Float32Array(staging.getMappedRange().slice(0));
      staging.unmap();
      assert.equal(sum, 4 * chains, "multiply-adds in registers");
      return (performance.now() - start) / 1000;
    };
    return await rateOf(seconds);
  } finally {
    device.destroy();
  }
}

const mostGroups = 65535;

/** The slope from few groups to many, with as many as take a while. */
async function rateOf(seconds: (groups: number) => Promise<number>): Promise<number> {
  const often = async (groups: number) => {
    const times: number[] = [];
    for (let i = 0; i < 5; i++) times.push(await seconds(groups));
    return median(times.slice(1));
  };
  for (let groups = 64;; groups = Math.min(mostGroups, groups * 8)) {
    const [few, many] = [await often(groups >> 2), await often(groups)];
    if (many - few > 0.1 || groups === mostGroups) {
      return ((groups - (groups >> 2)) * flopsPerGroup) / (many - few) / 1e9;
    }
  }
}
