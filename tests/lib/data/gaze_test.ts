import assert from "node:assert/strict";
import { decodeGaze, encodeGaze, findFixations, fixationsWithin, placeGaze } from "../../../lib/data/gaze.ts";

const scan = {
  picture: { width: 200, height: 100 },
  crop: { x: 50, y: 20, width: 100, height: 50 },
  axisStartSeconds: 2,
  durationSeconds: 10,
};

Deno.test("placeGaze() puts pixels on the axis and into the crop, and marks those outside", () => {
  const samples = [
    { seconds: 0, x: 0, y: 0 },
    { seconds: 1, x: 100, y: 45 },
    { seconds: 2, x: 50, y: 70 },
    { seconds: 3, x: 160, y: 45 },
    { seconds: 11, x: 100, y: 45 },
  ];
  const { gaze, outside } = placeGaze({ unit: "pixels", samples }, { offsetSeconds: 1.5 }, scan);
  assert.deepEqual(gaze.samples, [
    { seconds: 0.5, x: 0.5, y: 0.5, isInside: true },
    { seconds: 1.5, x: 0, y: 1, isInside: true },
    { seconds: 2.5, x: 1.1, y: 0.5, isInside: false },
  ]);
  assert.equal(outside, 2);
  assert.equal(gaze.fixationOrigin, "dispersion");
});

Deno.test("placeGaze() takes shares of the picture, or of the box in which it was shown", () => {
  const fixation = { seconds: 3, durationSeconds: 0.25, x: 0.5, y: 0.45 };
  const placed = (unit: "shares" | "pixels", box?: typeof scan.crop) => {
    const table = { unit, samples: [], fixations: [fixation] };
    return placeGaze(table, { offsetSeconds: 0, box }, scan).gaze.fixations[0];
  };
  assert.deepEqual(placed("shares"), {
    startSeconds: 1,
    durationSeconds: 0.25,
    x: 0.5,
    y: 0.5,
    isInside: true,
  });
  // A box of the left half: the middle of the display is the right edge of the video.
  const left = placed("shares", { x: 0, y: 0, width: 0.5, height: 1 });
  assert.deepEqual([left.x, left.y, left.isInside], [1.5, 0.5, false]);
  const inPixels = placed("pixels", { x: 0, y: -0.05, width: 1, height: 1 });
  assert.deepEqual([inPixels.x, inPixels.y], [0.5, 0.6]);
});

Deno.test("findFixations() finds the rests in a path of known rests and jumps", () => {
  const rests = [{ x: 0.2, y: 0.3, from: 0, to: 0.4 }, { x: 0.7, y: 0.6, from: 0.45, to: 0.75 }];
  const samples = Array.from({ length: 100 }, (_, i) => {
    const seconds = i / 100;
    const rest = rests.find(({ from, to }) => seconds >= from && seconds < to);
    // A jitter of a hundredth, and between the rests a way of large steps.
    const jitter = 0.005 * (i % 3 - 1);
    return rest
      ? { seconds, x: rest.x + jitter, y: rest.y - jitter }
      : { seconds, x: (i * 0.37) % 1, y: 0.1 };
  });
  const found = findFixations(samples, 0.75);
  assert.equal(found.length, 2);
  found.forEach((fixation, i) => {
    assert.ok(Math.abs(fixation.x - rests[i].x) < 0.002 && Math.abs(fixation.y - rests[i].y) < 0.002);
    assert.ok(Math.abs(fixation.seconds - rests[i].from) < 1e-9);
    assert.ok(Math.abs(fixation.durationSeconds - (rests[i].to - rests[i].from - 0.01)) < 1e-9);
  });
});

Deno.test("findFixations() ends a fixation where the tracker lost the eye", () => {
  const at = (from: number) =>
    Array.from({ length: 20 }, (_, i) => ({ seconds: from + i / 100, x: 0.5, y: 0.5 }));
  assert.deepEqual(findFixations([...at(0), ...at(0.3)], 1).map(({ seconds }) => seconds), [0, 0.3]);
});

Deno.test("fixationsWithin() has each fixation in one of the windows side by side", () => {
  const fixations = [0, 0.9, 1, 1.99].map((startSeconds) => ({
    ...{ startSeconds, durationSeconds: 0.5, x: 0, y: 0, isInside: true },
  }));
  const starts = (startSeconds: number) =>
    fixationsWithin(fixations, { startSeconds, endSeconds: startSeconds + 1 }).map((one) => one.startSeconds);
  assert.deepEqual([starts(0), starts(1), starts(2)], [[0, 0.9], [1, 1.99], []]);
});

Deno.test("decodeGaze() gives back what encodeGaze() was given", () => {
  const samples = [{ seconds: 1 / 3, x: 0.1, y: -0.2, isInside: false }];
  const fixations = [{ startSeconds: 7200.001, durationSeconds: 0.25, x: 1, y: 0, isInside: true }];
  const gaze = { samples, fixations, fixationOrigin: "file" as const };
  assert.deepEqual(decodeGaze(encodeGaze(gaze)), gaze);
  const empty = { samples: [], fixations: [], fixationOrigin: "dispersion" as const };
  assert.deepEqual(decodeGaze(encodeGaze(empty)), empty);
});
