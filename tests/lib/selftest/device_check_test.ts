import assert from "node:assert/strict";
import { deviceFindings } from "../../../lib/selftest/device_check.ts";
import { createExecutor } from "../../../lib/tensor/device.ts";
import type { Executor } from "../../../lib/tensor/executor.ts";

Deno.test("deviceFindings() finds nothing wrong with the processor and with WebAssembly", async () => {
  for (const kind of ["cpu", "wasm"] as const) {
    const executor = await createExecutor(kind, { threads: 1 });
    try {
      const findings = await deviceFindings(executor);
      assert.equal(findings.length, 6);
      assert.deepEqual(findings.filter(({ holds }) => !holds), []);
      assert.equal(executor.tensorCount(), 0);
    } finally {
      await executor.dispose();
    }
  }
});

/** The processor's executor whose results are changed before they are told. */
async function liar(change: (data: Float32Array) => void): Promise<Executor> {
  const honest = await createExecutor("cpu");
  return {
    device: honest.device,
    tensorCount: () => honest.tensorCount(),
    dispose: () => honest.dispose(),
    compileInference: async (outputs, parameters) => {
      const program = await honest.compileInference(outputs, parameters);
      return {
        memory: program.memory,
        run: async (feeds) => {
          const values = await program.run(feeds);
          for (const { data } of values.values()) change(data);
          return values;
        },
        dispose: () => program.dispose(),
      };
    },
    compileTraining: async (graph, parameters) => {
      const program = await honest.compileTraining(graph, parameters);
      return {
        memory: program.memory,
        step: (feeds, settings) => program.step(feeds, settings),
        writeState: (state) => program.writeState(state),
        readState: async () => {
          const state = await program.readState();
          for (const { data } of state.values()) change(data);
          return state;
        },
        dispose: () => program.dispose(),
      };
    },
  };
}

Deno.test("deviceFindings() finds a device whose numbers are off, or none", async () => {
  const lies: [string, (data: Float32Array) => void][] = [
    ["one in a thousand off", (data) => data.forEach((value, i) => data[i] = value * 1.001)],
    ["one element off", (data) => data[data.length - 1] += 0.1],
    ["not a number", (data) => data[0] = NaN],
    ["nothing computed", (data) => data.fill(0)],
  ];
  for (const [name, change] of lies) {
    const executor = await liar(change);
    const findings = await deviceFindings(executor);
    await executor.dispose();
    assert.deepEqual(findings.filter(({ holds }) => holds), [], name);
  }
});
