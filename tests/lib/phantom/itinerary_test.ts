import assert from "node:assert/strict";
import { background, planeNamed, planeNames, planes } from "../../../lib/phantom/anatomy.ts";
import { planSegments, planVisits, poseAt, visitAt } from "../../../lib/phantom/itinerary.ts";
import { drawSubject } from "../../../lib/phantom/subject.ts";
import { Random } from "../../../lib/random.ts";

Deno.test("planSegments() tiles the scan with dwells and sweeps in turn", () => {
  for (const seconds of [2, 6, 17.3, 60, 600]) {
    const segments = planSegments(new Random(2, seconds), seconds, planeNames);
    assert.equal(segments[0].startSeconds, 0);
    assert.equal(segments.at(-1)!.endSeconds, seconds);
    segments.forEach(({ startSeconds, endSeconds, plane }, i) => {
      assert.ok(endSeconds > startSeconds);
      if (i > 0) assert.equal(startSeconds, segments[i - 1].endSeconds);
      assert.equal(plane === background, i % 2 === 1);
      const most = i % 2 === 1 ? 1.2 : 12 + 4 + 1.2;
      assert.ok(endSeconds - startSeconds <= most + 1e-9, `${plane} lasts ${endSeconds - startSeconds}`);
    });
  }
});

Deno.test("planSegments() shows all planes in turn and none twice in a row", () => {
  const visits = planSegments(new Random(4), 900, planeNames).filter(({ plane }) => plane !== background);
  assert.deepEqual(
    new Set(visits.slice(0, planeNames.length).map(({ plane }) => plane)).size,
    planeNames.length,
  );
  visits.forEach(({ plane }, i) => assert.notEqual(plane, visits[i - 1]?.plane));
  const single = planSegments(new Random(4), 60, ["femur"]).filter(({ plane }) => plane !== background);
  assert.ok(single.length > 3 && single.every(({ plane }) => plane === "femur"));
});

Deno.test("poseAt() has the plane fully in the picture in its visit and gone in the middle of a sweep", () => {
  const subject = drawSubject(new Random(1), "s", ["kal"]);
  const segments = [
    { startSeconds: 0, endSeconds: 8, plane: "head" },
    { startSeconds: 8, endSeconds: 9, plane: background },
    { startSeconds: 9, endSeconds: 16, plane: "femur" },
  ];
  const visits = planVisits(new Random(1), segments, subject);
  assert.deepEqual(visits.map(({ plane }) => plane), ["head", "femur"]);
  assert.deepEqual([0, 8.4, 8.6, 16].map((t) => visitAt(visits, t).plane), [
    "head",
    "head",
    "femur",
    "femur",
  ]);
  assert.deepEqual([0, 8, 8.25, 8.5].map((t) => poseAt(visits[0], t).opacity), [1, 1, 0.5, 0]);
});

Deno.test("planes are named once, speak in plain words, and no wording belongs to two planes", () => {
  assert.equal(new Set(planeNames).size, planes.length);
  assert.ok(planes.length >= 8);
  const wordings = planes.flatMap((plane) => plane.wordings);
  assert.equal(new Set(wordings).size, wordings.length);
  for (const wording of wordings) assert.match(wording, /^[a-z]+( [a-z]+)+$/);
  for (const plane of planes) assert.ok(plane.wordings.length >= 5, plane.name);
  assert.throws(() => planeNamed("elbow"), RangeError);
});
