import assert from "node:assert/strict";
import { benchModel } from "./bench_models.ts";
import { plainGraph } from "./torch.ts";

Deno.test("plainGraph() puts operands before users and the objective last", () => {
  const { graph } = benchModel({ name: "tiny", batch: 4, size: 16 });
  const nodes = plainGraph(graph);
  nodes.forEach(({ inputs }, place) => assert.ok(inputs.every((input) => input < place)));
  assert.deepEqual(JSON.parse(JSON.stringify(nodes.at(-1)!.operation)), { ...graph.objective.operation });
});
