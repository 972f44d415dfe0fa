import assert from "node:assert/strict";
import { holdLabels, labelWithin, parseLabels } from "../../../lib/data/labels.ts";

function refuse(line: number, must: string, received?: unknown): never {
  throw new Error(`line ${line}: ${must}, received ${received}`);
}

const stretch = (startSeconds: number, endSeconds: number, label: string) => ({
  startSeconds,
  endSeconds,
  label,
});

Deno.test("parseLabels() reads stretches in any order, with other columns between", () => {
  const csv = 'label,who,Start_Seconds,end_seconds\n"head, side",me,2,3.5\nfemur,me,-1,2\n';
  assert.deepEqual(parseLabels(csv, refuse), {
    stretches: [stretch(-1, 2, "femur"), stretch(2, 3.5, "head, side")],
  });
});

Deno.test("parseLabels() takes semicolons with decimal commas", () => {
  const csv = "start_seconds;end_seconds;label\n0,5;1,25;femur\n";
  assert.deepEqual(parseLabels(csv, refuse), { stretches: [stretch(0.5, 1.25, "femur")] });
});

Deno.test("parseLabels() reads frames in order, an empty label for none", () => {
  assert.deepEqual(parseLabels("frame,plane\n8,head\n0,femur\n16,\n", refuse), {
    frames: [{ frame: 0, label: "femur" }, { frame: 8, label: "head" }, { frame: 16, label: "" }],
  });
});

Deno.test("parseLabels() has the label of an instant hold until the next, for a second at most", () => {
  assert.deepEqual(parseLabels("seconds,label\n0,a\n0.5,a\n0.75,b\n4,c\n4.25,\n9,a\n", refuse), {
    stretches: [stretch(0, 0.75, "a"), stretch(0.75, 1.75, "b"), stretch(4, 4.25, "c"), stretch(9, 10, "a")],
  });
});

Deno.test("holdLabels() has the last label hold as long as the one before it", () => {
  const instants = [0, 1, 2].map((i) => ({ seconds: i / 30, label: "a" }));
  assert.deepEqual(holdLabels(instants).map(({ endSeconds }) => Math.round(endSeconds * 30)), [3]);
  assert.deepEqual(holdLabels([{ seconds: 5, label: "a" }]), [stretch(5, 6, "a")]);
});

const refused: [string, string, RegExp][] = [
  ["nothing", "", /line 1: there must be a line/],
  ["other columns", "from,to,label\n1,2,a\n", /line 1: the columns must be .*frame,label.*from,to,label/],
  [
    "an end before its start",
    "start_seconds,end_seconds,label\n0,1,a\n3,2,b\n",
    /line 3: start must come before end/,
  ],
  [
    "a word for a time",
    "start_seconds,end_seconds,label\n0,soon,a\n",
    /line 2: end_seconds must be a number.*soon/,
  ],
  ["a stretch without a label", "start_seconds,end_seconds,label\n0,1,\n", /line 2: label must not be empty/],
  ["half a frame", "frame,label\n1,a\n1.5,b\n", /line 3: frame must be a whole number/],
  ["a frame twice", "frame,label\n4,a\n3,b\n4,c\n", /line 4: each frame must appear once/],
  ["a row with a field too many", "frame,label\n4,a,b\n", /line 2: it must be valid CSV/],
];
for (const [what, csv, message] of refused) {
  Deno.test(`parseLabels() refuses ${what}, naming the line`, () => {
    assert.throws(() => parseLabels(csv, refuse), { message });
  });
}

Deno.test("labelWithin() is the label seen longest, none where most is unlabelled", () => {
  const stretches = [
    stretch(0, 1, "a"),
    stretch(1, 1.5, "b"),
    stretch(1.75, 2.25, "b"),
    stretch(5, 5.5, "c"),
  ];
  const within = (startSeconds: number, endSeconds: number) =>
    labelWithin(stretches, { startSeconds, endSeconds });
  assert.deepEqual(within(0, 2), { label: "a", share: 0.5 });
  assert.deepEqual(within(0.5, 2.5), { label: "b", share: 0.5 });
  assert.equal(within(2, 4), undefined);
  assert.equal(within(4, 6), undefined);
  assert.deepEqual(within(5, 6), { label: "c", share: 0.5 });
  assert.equal(within(8, 9), undefined);
});

Deno.test("labelWithin() counts time that two stretches share as labelled once", () => {
  const stretches = [stretch(0, 0.5, "a"), stretch(0, 0.5, "b"), stretch(1.9, 2, "a")];
  assert.equal(labelWithin(stretches, { startSeconds: 0, endSeconds: 2 }), undefined);
});
