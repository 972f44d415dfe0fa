import assert from "node:assert/strict";
import { tableLabels } from "../../../lib/reproduction/study_labels.ts";
import type { DatasetReader } from "../../../lib/data/dataset_store.ts";

const dataset = {
  config: { windowSeconds: 2 },
  scans: () => [
    { id: "s0001", sourceName: "mary", axisStartSeconds: 0 },
    { id: "s0002", sourceName: "john", axisStartSeconds: 1.5 },
  ],
  windows: () =>
    ["s0001", "s0002"].flatMap((scanId, scan) =>
      [0, 1, 2].map((index) => ({ id: scan * 3 + index, scanId, startSeconds: index * 2 }))
    ),
} as unknown as DatasetReader;
const header = "scan,start_seconds,end_seconds,label\n";

Deno.test("tableLabels() takes scans by their own names and by the dataset's", () => {
  const labels = tableLabels(`${header}mary,0,2,femur\ns0002,1.5,5.5,kidneys\n`, dataset);
  assert.deepEqual([...labels], [[0, "femur"], [3, "kidneys"], [4, "kidneys"]]);
});

Deno.test("tableLabels() counts times on the video's clock", () => {
  // The axis of john begins at 1.5 s: its first window is seen from 1.5 s to 3.5 s.
  const labels = tableLabels(`${header}john,0,3,femur\njohn,3,9,kidneys\n`, dataset);
  assert.deepEqual([...labels], [[3, "femur"], [4, "kidneys"], [5, "kidneys"]]);
});

Deno.test("tableLabels() leaves a window without a label that is unlabelled for the most part", () => {
  assert.equal(tableLabels(`${header}mary,0,0.5,femur\n`, dataset).size, 0);
});

Deno.test("tableLabels() refuses what is not such a table, naming the line", () => {
  const refused = (text: string, message: RegExp) =>
    assert.throws(() => tableLabels(text, dataset), (error: Error) => message.test(error.message));
  refused("scan,start_seconds,label\n", /line 1 .* column end_seconds/);
  refused(`${header}mary,0,2,femur\nanna,0,2,femur\n`, /line 3 .* one of the dataset's, received "anna"/);
  refused(`${header}mary,2,2,femur\n`, /line 2 .* start_seconds must come before end_seconds/);
  refused(`${header}mary,x,2,femur\n`, /line 2 .* must be numbers/);
  refused(`${header}mary,0,2,\n`, /line 2 .* label must not be empty/);
});

Deno.test("tableLabels() takes an input's own name before the dataset's name of another", () => {
  const crossed = {
    ...dataset,
    scans: () => [
      { id: "s0001", sourceName: "s0002", axisStartSeconds: 0 },
      { id: "s0002", sourceName: "s0001", axisStartSeconds: 0 },
    ],
  } as unknown as DatasetReader;
  const labels = tableLabels(`${header}s0002,0,2,femur\ns0001,0,2,kidneys\n`, crossed);
  assert.deepEqual([labels.get(0), labels.get(3)], ["femur", "kidneys"]);
});
