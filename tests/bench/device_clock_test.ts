import assert from "node:assert/strict";
import { compileStep } from "../../lib/tensor/compiler/compile.ts";
import { findAdapter } from "../../lib/tensor/executors/webgpu_adapter.ts";
import { WebgpuDevice } from "../../lib/tensor/executors/webgpu_device.ts";
import { parameterValues, WebgpuProgram } from "../../lib/tensor/executors/webgpu_program.ts";
import { WebgpuTrainingProgram } from "../../lib/tensor/executors/webgpu_training.ts";
import { tunings } from "../../lib/tensor/kernels/wgsl_tuning.ts";
import { allParameters, optimizers, smallFeeds, smallTrainingGraph } from "../lib/tensor/executor_checks.ts";
import { type DeviceClock, deviceClock, SubmissionClock } from "./device_clock.ts";

const adapter = await findAdapter();

Deno.test({
  name: "deviceClock() counts the device's time alone, and none of what the host does between runs",
  ignore: adapter === undefined,
  async fn(test) {
    const device = await WebgpuDevice.open();
    const graph = smallTrainingGraph(optimizers[0]);
    const compiled = compileStep(graph, { tuning: tunings.registers, maxBuffers: 8 });
    const program = await WebgpuProgram.create(device, compiled);
    program.writeParameters(parameterValues(compiled, allParameters(graph)));
    const training = new WebgpuTrainingProgram(device, program, graph.optimizer);
    const held = device.bufferCount;
    /** The device's and the wall's milliseconds of some steps with pauses between them. */
    const measure = async (clock: DeviceClock, steps: number, pause: number) => {
      const start = performance.now();
      for (let step = 0; step < steps; step++) {
        clock.next();
        await training.step(smallFeeds(step), { learningRate: 1e-3, step });
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
      const wall = performance.now() - start;
      return { device: await clock.read(), wall };
    };
    for (const clock of [deviceClock(device, program, 8), new SubmissionClock(device, program)]) {
      await test.step(clock.isExact ? "by time stamps" : "by submissions", async () => {
        await measure(clock, 2, 0); // kernels are compiled
        const { device: computed, wall } = await measure(clock, 8, 100);
        const most = clock.isExact ? wall - 800 : wall;
        assert.ok(computed > 0 && computed < most, `${computed} of ${wall} ms`);
        if (clock.isExact) assert.equal(await clock.read(), 0, "earlier runs are not counted again");
      });
      clock.dispose();
    }
    assert.equal(device.bufferCount, held);
    training.dispose();
    device.dispose();
  },
});
