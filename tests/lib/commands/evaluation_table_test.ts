import assert from "node:assert/strict";
import { retrievalTable } from "../../../lib/commands/evaluation_table.ts";
import type { EvaluationReport } from "../../../lib/evaluation/evaluate.ts";

function report(subjects: number): EvaluationReport {
  const names = ["videoToSpeech", "speechToVideo"].flatMap((direction) =>
    ["recallAt1", "recallAt5", "recallAt10", "medianRank"].map((name) => `retrieval.${direction}.${name}`)
  );
  const all = <T>(value: T) => Object.fromEntries(names.map((name) => [name, value]));
  return {
    step: 1,
    split: "test",
    windows: 9,
    voicedWindows: 8,
    subjects,
    metrics: all(0.25),
    chance: all(0.125),
    intervals: all<[number, number]>([0.2, 0.3]),
  };
}

Deno.test("retrievalTable() puts chance below each value and an interval beside it", () => {
  const lines = retrievalTable(report(2)).split("\n");
  assert.match(lines[0], /^retrieval, 8 windows of 2 subjects +R@1 +R@5 +R@10 +median rank$/);
  assert.match(lines[1], /^video → speech +25\.0 % \[20\.0, 30\.0\] /);
  assert.match(lines[2], /^ {2}chance +12\.5 % +12\.5 % /);
});

Deno.test("retrievalTable() gives one subject no interval", () => {
  const text = retrievalTable(report(1));
  assert.match(text, /^retrieval, 8 windows of 1 subject /);
  assert.doesNotMatch(text, /\[/);
});
