import assert from "node:assert/strict";
import { planeNames, sceneNamed, standardPlaneNames } from "../../../lib/phantom/anatomy.ts";
import { placePoint } from "../../../lib/phantom/brush.ts";
import { difficulties } from "../../../lib/phantom/difficulty.ts";
import { type Fixation, planFixations } from "../../../lib/phantom/gaze.ts";
import { planSegments, planVisits, poseAt } from "../../../lib/phantom/itinerary.ts";
import { placeInPicture, Sector } from "../../../lib/phantom/sector.ts";
import { drawSubject } from "../../../lib/phantom/subject.ts";
import { Random } from "../../../lib/random.ts";

const frameSize = [120, 160] as const, seconds = 300, settings = difficulties.standard;
const subject = drawSubject(new Random(7), "s", ["kal"], settings);
const segments = planSegments(new Random(7), seconds, standardPlaneNames, settings);
const visits = planVisits(new Random(7), segments, subject, settings);
const options = { visits, freezes: [], subject, frameSize, seconds };
const fixations = planFixations(new Random(7, "gaze"), options);

/** Distance of a fixation, as a share of the picture, from the nearest structure of that name. */
function miss({ startSeconds, durationSeconds, x, y, target }: Fixation): number {
  const middle = startSeconds + durationSeconds / 2;
  const visit = visits.find((v) => middle > v.startSeconds - 0.3 && middle < v.endSeconds + 0.3)!;
  const structures = sceneNamed(visit.plane).landmarks.filter(({ name }) => name === target);
  return Math.min(...structures.map(({ at }) => {
    const [px, py] = placeInPicture(subject.sector, frameSize, placePoint(poseAt(visit, middle), at));
    return Math.hypot(px - x, py - y);
  }));
}

Deno.test("planFixations() is a path of rests in order of time, of a length that eyes have, inside the picture", () => {
  assert.deepEqual(planFixations(new Random(7, "gaze"), options), fixations);
  fixations.forEach(({ startSeconds, durationSeconds, x, y }, i) => {
    assert.ok(x >= 0 && x <= 1 && y >= 0 && y <= 1);
    assert.ok(
      durationSeconds > 0 && durationSeconds <= 1.2 && startSeconds + durationSeconds <= seconds + 1e-3,
    );
    const last = fixations[i - 1];
    if (last) assert.ok(startSeconds > last.startSeconds + last.durationSeconds);
  });
  const mean = fixations.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0) / fixations.length;
  assert.ok(mean > 0.26 && mean < 0.33, `mean ${mean} s`);
});

Deno.test("planFixations() looks at the structures of what is seen most of the time, and moves between them", () => {
  const aimed = fixations.filter(({ target }) => target !== null);
  const share = aimed.length / fixations.length;
  assert.ok(share > 0.65 && share < 0.95, `share of aimed fixations ${share}`);
  const misses = aimed.map(miss).sort((a, b) => a - b);
  const median = misses[misses.length >> 1];
  assert.ok(median > 0.005 && median < 0.04, `median miss ${median}`);
  const inARow = fixations.filter(({ target }, i) => target !== null && target === fixations[i - 1]?.target);
  assert.ok(inARow.length < 0.02 * fixations.length, `${inARow.length} structures looked at twice in a row`);
});

Deno.test("placeInPicture() is where the sector draws", () => {
  const sector = new Sector(subject.sector, frameSize), picture = new Uint8Array(120 * 160);
  const spot: [number, number] = [1.5, 6];
  sector.convert(
    sector.x.map((x, i) => Math.hypot(x - spot[0], sector.y[i] - spot[1]) < 0.4 ? 255 : 0),
    picture,
  );
  let [sumX, sumY, total] = [0, 0, 0];
  picture.forEach((grey, i) => {
    sumX += grey * ((i % 160) + 0.5) / 160;
    sumY += grey * (Math.floor(i / 160) + 0.5) / 120;
    total += grey;
  });
  const [x, y] = placeInPicture(subject.sector, frameSize, spot);
  const away = Math.hypot(sumX / total - x, sumY / total - y);
  assert.ok(away < 0.006, `${away} of the picture away`);
});

Deno.test("every plane has landmarks inside its drawing", () => {
  for (const name of planeNames) {
    for (const { at: [x, y] } of sceneNamed(name).landmarks) assert.ok(Math.hypot(x, y) < 1.5, name);
  }
});
