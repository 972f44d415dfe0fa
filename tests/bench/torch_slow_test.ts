import assert from "node:assert/strict";
import { createExecutor } from "../../lib/tensor/device.ts";
import { benchModel, learningRate, type ModelSpec } from "./bench_models.ts";
import { Engine } from "./engine.ts";
import { findTorchPython } from "./torch.ts";

const found = await findTorchPython();

/** Objectives of some steps on our executor in plain JavaScript and on PyTorch. */
async function bothObjectives(spec: ModelSpec): Promise<[number[], number[]]> {
  const { graph, parameters, batches } = benchModel(spec);
  const executor = await createExecutor("cpu");
  const program = await executor.compileTraining(graph, parameters);
  const own: number[] = [];
  for (let step = 0; step < 3; step++) {
    own.push((await program.step(batches[0], { learningRate, step })).objective);
  }
  program.dispose();
  await executor.dispose();
  const engine = await Engine.start("torch", spec, { ...found });
  assert.ok(engine instanceof Engine);
  try {
    const reply = await engine.run({ steps: 3, sameBatch: true, readEvery: 1 });
    assert.ok("objectives" in reply, JSON.stringify(reply));
    return [own, reply.objectives];
  } finally {
    await engine.close();
  }
}

for (const name of ["P", "tiny"] as const) {
  Deno.test({
    name: `PyTorch trains ${name} from its graph as our executor does (skipped without PyTorch)`,
    ignore: found === undefined,
    fn: async () => {
      const [own, torch] = await bothObjectives({ name, batch: 4, size: 16 });
      own.forEach((value, i) => {
        assert.ok(Math.abs(torch[i] - value) < 1e-3 * Math.abs(value), `${torch} must be ${own}`);
      });
      assert.ok(Math.abs(own[0] - own[2]) > 1e-2 * own[0], "updates must change the objective");
    },
  });
}
