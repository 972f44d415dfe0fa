import assert from "node:assert/strict";
import type { ScanDetailWire, WindowWire } from "../../routes/wire/datasets.ts";
import type { PacedWindowWire } from "../../routes/wire/pace.ts";
import {
  columnsPath,
  frameAt,
  instantOf,
  labelColours,
  paceColumns,
  spansPath,
} from "../../static/app/scan_timeline.ts";

const windowList = [0, 1, 2].map((index) =>
  ({ id: 70 + index, index, startSeconds: 2 * index }) as WindowWire
);
const scan = {
  ...{ seconds: 6, frameCount: 24, frameSeconds: 0.25, windowSeconds: 2, windowList },
  labels: [{ startSeconds: 1, endSeconds: 3, label: "head" }],
  fixations: [{ startSeconds: 2.5, durationSeconds: 0.5, x: 0.1, y: 0.9 }],
} as ScanDetailWire;

Deno.test("spansPath() and columnsPath() draw boxes in seconds", () => {
  assert.equal(spansPath([[0.5, 1], [2, 3.25]]), "M0.5 0H1V1H0.5ZM2 0H3.25V1H2Z");
  assert.equal(spansPath([]), "");
  assert.equal(columnsPath([[0, 2, 0.25], [2, 4, 7], [4, 6, -1]]), "M0 1V0.75H2V1ZM2 1V0H4V1ZM4 1V1H6V1Z");
});

Deno.test("paceColumns() are as high as affinities, and full where none was measured", () => {
  const of = (...affinities: (number | null)[]) =>
    paceColumns(
      new Map(affinities.map((affinity, i) =>
        [i, { window: windowList[i], affinity, leastAffinity: -1, weight: (i + 1) % 2 }] as const
      )),
      2,
    );
  assert.deepEqual(of(null, null), { letIn: [[0, 2, 1]], heldBack: [[2, 4, 1]], isAffinityKnown: false });
  const { letIn, heldBack, isAffinityKnown } = of(0.5, -0.2, null);
  assert.deepEqual([letIn, heldBack], [[[0, 2, 0.5], [4, 6, 0.06]], [[2, 4, 0.06]]]);
  assert.ok(isAffinityKnown);
});

Deno.test("frameAt() is the frame that is shown then, and stays inside the scan", () => {
  assert.deepEqual([-1, 0, 0.249, 0.25, 3 * 0.25, 5.99, 6, 99].map((seconds) => frameAt(seconds, scan)), [
    0,
    0,
    0,
    1,
    3,
    23,
    23,
    23,
  ]);
});

Deno.test("instantOf() tells what holds at an instant, and leaves open what is not known", () => {
  const paced = new Map([[71, { affinity: 0.4, weight: 1 } as PacedWindowWire]]);
  const voiced = { webrtc: [[2, 2.6]] as [number, number][], energy: [] };
  assert.deepEqual(instantOf(2.5, scan, voiced, paced), {
    window: { index: 1, id: 71 },
    webrtc: true,
    energy: false,
    label: "head",
    fixation: { x: 0.1, y: 0.9 },
    paced: paced.get(71),
  });
  assert.deepEqual(instantOf(5, { ...scan, fixations: null }, null, paced), {
    window: { index: 2, id: 72 },
    webrtc: null,
    energy: null,
    label: null,
    fixation: null,
    paced: null,
  });
});

Deno.test("labelColours() gives every label one of six colours, in the order in which they come", () => {
  const labels = ["head", "__proto__", "head", "femur"].map((label) => ({ label }));
  assert.deepEqual([...labelColours(labels)], [["head", 3], ["__proto__", 4], ["femur", 5]]);
  const many = Array.from({ length: 20 }, (_, i) => ({ label: String(i) }));
  assert.ok([...labelColours(many).values()].every((colour) => colour >= 1 && colour <= 6));
});
