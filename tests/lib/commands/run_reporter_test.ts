import assert from "node:assert/strict";
import { RunReporter } from "../../../lib/commands/run_reporter.ts";

Deno.test("RunReporter.show() tells of a step its losses and which share of the time it waited for data", () => {
  const written: string[] = [];
  const reporter = new RunReporter({ stderr: (text) => void written.push(text), isTerminal: true });
  const metrics = { "loss.total": 3.14159, "loss.order": 2.5, dataStallShare: 0.247, stepsPerSecond: 2 };
  reporter.show({ kind: "step", step: 7, epoch: 1, metrics });
  assert.match(written.join(""), /train 7 steps .* epoch 2 loss 3.14 ord 2.50 waits for data 25 %/);
});
