import assert from "node:assert/strict";
import {
  background,
  easyPlaneNames,
  easyPlanes,
  planeNamed,
  sceneNamed,
  searchSceneNames,
  standardPlaneNames,
  standardPlanes,
} from "../../../lib/phantom/anatomy.ts";
import { difficulties } from "../../../lib/phantom/difficulty.ts";
import {
  pictureTime,
  planFreezes,
  planSegments,
  planVisits,
  poseAt,
  visitAt,
} from "../../../lib/phantom/itinerary.ts";
import { drawSubject } from "../../../lib/phantom/subject.ts";
import { Random } from "../../../lib/random.ts";

Deno.test("planSegments() tiles the scan with dwells and sweeps in turn", () => {
  for (const seconds of [2, 6, 17.3, 60, 600]) {
    const segments = planSegments(new Random(2, seconds), seconds, easyPlaneNames);
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
  const visits = planSegments(new Random(4), 900, easyPlaneNames).filter(({ plane }) => plane !== background);
  assert.deepEqual(
    new Set(visits.slice(0, easyPlaneNames.length).map(({ plane }) => plane)).size,
    easyPlaneNames.length,
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

Deno.test("planes of a difficulty are named once, speak in plain words, and share no wording", () => {
  for (const planes of [easyPlanes, standardPlanes]) {
    assert.equal(new Set(planes.map(({ name }) => name)).size, planes.length);
    const wordings = planes.flatMap((plane) => plane.wordings);
    assert.equal(new Set(wordings).size, wordings.length);
    for (const wording of wordings) assert.match(wording, /^[a-z]+( [a-z]+)+$/);
    for (const plane of planes) {
      assert.ok(plane.wordings.length >= 7 && plane.landmarks.length > 0, plane.name);
    }
  }
  assert.deepEqual([easyPlanes.length, standardPlanes.length], [9, 13]);
  assert.ok(standardPlanes.every(({ wordings }) => wordings.length >= 10));
  assert.throws(() => planeNamed("elbow"), RangeError);
  assert.throws(() => sceneNamed("elbow"), RangeError);
});

Deno.test("planSegments() and planVisits() search between planes for seconds, and come across other scenes", () => {
  const settings = difficulties.standard, subject = drawSubject(new Random(1), "s", ["kal"], settings);
  const segments = planSegments(new Random(8), 600, standardPlaneNames, settings);
  const searches = segments.filter(({ plane }) => plane === background);
  const searched = searches.reduce((sum, { startSeconds, endSeconds }) => sum + endSeconds - startSeconds, 0);
  assert.ok(searched / 600 > 0.3 && searched / 600 < 0.5, `share of background ${searched / 600}`);
  const visits = planVisits(new Random(8), segments, subject, settings);
  const scenes = visits.filter(({ plane }) => searchSceneNames.includes(plane));
  assert.ok(scenes.length > searches.length);
  for (const { startSeconds, endSeconds } of scenes) {
    assert.ok(endSeconds - startSeconds >= 1, `${endSeconds - startSeconds} s`);
    const around = searches.find((s) => startSeconds > s.startSeconds && endSeconds < s.endSeconds);
    assert.ok(around, "a scene lies inside a search");
  }
  visits.slice(1).forEach(({ startSeconds }, i) => assert.ok(startSeconds > visits[i].endSeconds));
});

Deno.test("pictureTime() stands still during freezes and never goes back", () => {
  const freezes = planFreezes(new Random(3), 600, 2);
  assert.ok(freezes.length > 8 && freezes.length < 36, `${freezes.length} in ten minutes`);
  assert.deepEqual(planFreezes(new Random(3), 600, 0), []);
  let last = 0, still = 0;
  for (let time = 0; time < 600; time += 0.1) {
    const shown = pictureTime(freezes, time);
    assert.ok(shown >= last && shown <= time);
    if (shown === last) still += 0.1;
    last = shown;
  }
  const frozen = freezes.reduce((sum, { startSeconds, endSeconds }) => sum + endSeconds - startSeconds, 0);
  assert.ok(Math.abs(still - frozen) < 0.15 * freezes.length, `${still} s of ${frozen} s`);
});
