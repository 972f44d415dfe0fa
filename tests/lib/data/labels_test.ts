import assert from "node:assert/strict";
import { windowLabels } from "../../../lib/data/labels.ts";

const windows = [0, 1, 2].map((i) => ({ id: i, scanId: "s0001", startSeconds: 2 * i }))
  .concat({ id: 9, scanId: "s0002", startSeconds: 0 });

Deno.test("windowLabels() labels the windows whose middle lies in a stretch", () => {
  const text =
    'scan,start_seconds,end_seconds,label\ns0001,0,1,early\ns0001,1,3.5,"head, side"\ns0002,0,9,femur\n';
  // The middles are 1, 3 and 5 seconds.
  const labels = windowLabels(text, windows, 2);
  assert.deepEqual([...labels], [[0, "head, side"], [1, "head, side"], [9, "femur"]]);
});

Deno.test("windowLabels() refuses what is no such file, with the line", () => {
  const head = "scan,start_seconds,end_seconds,label\n";
  assert.throws(
    () => windowLabels(`${head}s0001,3,2,head\n`, windows, 2),
    /line 2 must start before it ends/,
  );
  assert.throws(
    () => windowLabels(`${head}s0001,0,x,head\n`, windows, 2),
    /line 2 must start before it ends/,
  );
  assert.throws(() => windowLabels(`${head}s0001,0,1,\n`, windows, 2), /line 2 .* column label/);
  assert.throws(() => windowLabels('scan,"label\n', windows, 2), /valid CSV/);
});
