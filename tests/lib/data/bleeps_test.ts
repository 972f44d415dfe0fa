import assert from "node:assert/strict";
import { Bleeper, bleepNotes, parseBleeps, readBleeps } from "../../../lib/data/bleeps.ts";

const refuse = (line: number, must: string): never => {
  throw new Error(`line ${line}: ${must}`);
};

Deno.test("parseBleeps() orders stretches and joins those that overlap", () => {
  const text = "end_seconds;note;start_seconds\n4,5;name;4\n2;;1\n2,5;;1,5\n";
  assert.deepEqual(parseBleeps(text, refuse), [
    { startSeconds: 1, endSeconds: 2.5 },
    { startSeconds: 4, endSeconds: 4.5 },
  ]);
  assert.deepEqual(parseBleeps("start_seconds,end_seconds\n", refuse), []);
});

Deno.test("parseBleeps() refuses what is not valid, naming the line", () => {
  const refusal = (text: string, message: RegExp) => assert.throws(() => parseBleeps(text, refuse), message);
  refusal("", /line 1: there must be a line with the columns' names/);
  refusal("start,end\n1,2\n", /line 1: the columns must be start_seconds,end_seconds/);
  refusal("start_seconds,end_seconds\n1,2\n3,x\n", /line 3: end_seconds must be a number/);
  refusal("start_seconds,end_seconds\n1,2\n\n5,5\n", /line 4: start must come before end/);
});

Deno.test("readBleeps() refuses a list that is not there, without its path outside", async () => {
  await assert.rejects(
    readBleeps({ bleep: "/absent/mary.csv" }),
    (error: Error & { publicMessage: string }) => {
      assert.match(error.message, /mary\.csv: the file must be there/);
      assert.ok(!error.publicMessage.includes("mary"));
      return true;
    },
  );
});

Deno.test("Bleeper silences stretches however the samples come, with 5 ms on both sides", () => {
  const samples = Int16Array.from({ length: 8000 }, () => 1000);
  const spans = [{ startSeconds: -1, endSeconds: 0.1 }, { startSeconds: 0.5, endSeconds: 0.6 }];
  const expected = samples.map((value, i) => i < 840 || (i >= 3960 && i < 4840) ? 0 : value);
  for (const sizes of [[8000], [1, 839, 3000, 500, 3660]]) {
    const bleeper = new Bleeper(spans, 8000);
    let at = 0;
    const out = sizes.flatMap((size) => [...bleeper.take(samples.subarray(at, at += size))]);
    assert.deepEqual(out, [...expected]);
    assert.equal(bleeper.seconds, (840 + 880) / 8000);
  }
});

Deno.test("Bleeper.quieten() calls no frame voiced that touches a stretch", () => {
  const bleeper = new Bleeper([{ startSeconds: 0.05, endSeconds: 0.1 }], 8000);
  assert.deepEqual([...bleeper.quieten(new Uint8Array(6).fill(1), 0.03)], [1, 0, 0, 0, 1, 1]);
});

Deno.test("bleepNotes() tells of stretches that lie beside the scan, where a name may be left", () => {
  const spans = [[-2, -1], [0.5, 1], [9, 12], [10, 11]].map(([startSeconds, endSeconds]) => ({
    startSeconds,
    endSeconds,
  }));
  assert.deepEqual(bleepNotes([], 10, 0), []);
  assert.deepEqual(bleepNotes(spans.slice(1, 3), 10, 1.5), ["1.50 s of speech taken out"]);
  assert.match(bleepNotes(spans, 10, 1.5)[1], /^2 of 4 stretches .* do not lie within the scan/);
  assert.match(bleepNotes([spans[0], spans[3]], 10, 0)[0], /^none of the stretches/);
});
