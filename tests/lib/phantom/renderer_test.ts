import assert from "node:assert/strict";
import { easyPlaneNames, standardPlaneNames } from "../../../lib/phantom/anatomy.ts";
import { planVisits, type Visit } from "../../../lib/phantom/itinerary.ts";
import { Renderer } from "../../../lib/phantom/renderer.ts";
import { drawSubject } from "../../../lib/phantom/subject.ts";
import { Random } from "../../../lib/random.ts";

const frameSize = [72, 96] as const, pixels = 72 * 96;

interface Look {
  plane: string;
  name: string;
  speckle?: boolean;
  change?: (visit: Visit) => Visit;
}

function rendererOf({ plane, name, speckle = false, change = (visit) => visit }: Look): Renderer {
  const subject = drawSubject(new Random(5, name), name, ["kal"]);
  const segments = [{ startSeconds: 0, endSeconds: 20, plane }];
  const visits = planVisits(new Random(5, name, plane), segments, subject).map(change);
  return new Renderer({ seed: 5, scan: `${name}-${plane}`, subject, visits, frameSize, speckle });
}

function pictureOf(look: Look, seconds = 2): Uint8Array {
  const picture = new Uint8Array(pixels);
  rendererOf(look).render(seconds, picture);
  return picture;
}

/** The inner part of a picture as means of 6 × 6 pixels, with mean 0 and length 1. */
function glance(picture: Uint8Array): number[] {
  const cells: number[] = [];
  for (let top = 12; top < 66; top += 6) {
    for (let left = 18; left < 78; left += 6) {
      let sum = 0;
      for (let i = 0; i < 36; i++) sum += picture[(top + Math.floor(i / 6)) * 96 + left + (i % 6)];
      cells.push(sum);
    }
  }
  const mean = cells.reduce((a, b) => a + b) / cells.length;
  const length = Math.hypot(...cells.map((cell) => cell - mean)) || 1;
  return cells.map((cell) => (cell - mean) / length);
}

/** Share of unseen subjects' pictures whose plane's centroid is the nearest. */
function nearestCentroidAccuracy(change?: (visit: Visit) => Visit): number {
  const look = (plane: string, name: string) => glance(pictureOf({ plane, name, change }));
  const centroids = easyPlaneNames.map((plane) => {
    const seen = Array.from({ length: 24 }, (_, s) => look(plane, `seen${s}`));
    return seen[0].map((_, i) => seen.reduce((sum, cells) => sum + cells[i], 0) / seen.length);
  });
  const unseen = easyPlaneNames.flatMap((plane, truth) =>
    Array.from({ length: 12 }, (_, s) => ({ truth, cells: look(plane, `unseen${s}`) }))
  );
  const right = unseen.filter(({ truth, cells }) => {
    const distances = centroids.map((centroid) =>
      Math.hypot(...centroid.map((value, i) => value - cells[i]))
    );
    return distances.indexOf(Math.min(...distances)) === truth;
  });
  return right.length / unseen.length;
}

Deno.test("Renderer planes differ more than subjects do, and what surrounds them says nothing of the plane", () => {
  const chance = 1 / easyPlaneNames.length;
  const planes = nearestCentroidAccuracy();
  assert.ok(planes > 4 * chance, `coarse centroids must name unseen subjects' planes, share ${planes}`);
  const surroundings = nearestCentroidAccuracy((visit) => ({
    ...visit,
    pose: { ...visit.pose, opacity: 0 },
  }));
  assert.ok(surroundings < 2 * chance, `without the plane it must be chance, share ${surroundings}`);
});

Deno.test("Renderer standard planes of one organ differ from each other in detail alone", () => {
  const families = [["4CH", "LVOT", "RVOT", "3VT"], ["brain transventricular", "brain transcerebellum"]];
  const names = Array.from({ length: 6 }, (_, s) => `family${s}`);
  // The same pose and traits in every plane of a subject: only the drawing differs.
  const poseOf = (name: string) => {
    const segments = [{ startSeconds: 0, endSeconds: 20, plane: "4CH" }];
    return planVisits(new Random(5, name), segments, drawSubject(new Random(5, name), name, ["kal"]))[0];
  };
  const difference = (a: string, b: string) =>
    names.reduce((sum, name) => {
      const change = (visit: Visit) => ({ ...poseOf(name), plane: visit.plane });
      const [one, other] = [a, b].map((plane) => pictureOf({ plane, name, change }));
      return sum + one.reduce((all, grey, i) => all + Math.abs(grey - other[i]), 0) / pixels / names.length;
    }, 0);
  const pairs = (pick: (same: boolean) => boolean) =>
    standardPlaneNames.flatMap((a, i) =>
      standardPlaneNames.slice(i + 1).filter((b) =>
        pick(families.some((family) => family.includes(a) && family.includes(b)))
      ).map((b) => difference(a, b))
    );
  const within = pairs((same) => same), between = pairs((same) => !same);
  const mean = between.reduce((a, b) => a + b) / between.length;
  assert.equal(within.length, 7);
  assert.ok(Math.max(...within) < 0.6 * mean, `within ${within.map((d) => d.toFixed(1))}, between ${mean}`);
  assert.ok(Math.min(...within) > 0.8, `a pair must differ: ${within.map((d) => d.toFixed(1))}`);
});

Deno.test("Renderer.render() shows the same plane differently in every subject", () => {
  for (const plane of easyPlaneNames) {
    const [a, b] = ["one", "two"].map((name) => pictureOf({ plane, name }));
    const difference = a.reduce((sum, grey, i) => sum + Math.abs(grey - b[i]), 0) / pixels;
    assert.ok(difference > 5, `${plane}: mean difference ${difference}`);
  }
});

Deno.test("Renderer.render() leaves black outside the fan and covers a good part inside", () => {
  const picture = pictureOf({ plane: "head", name: "one", speckle: true });
  const corners = [0, 95, 71 * 96, 71 * 96 + 95].map((at) => picture[at]);
  assert.deepEqual(corners, [0, 0, 0, 0]);
  const share = picture.filter((grey) => grey > 10).length / pixels;
  assert.ok(share > 0.15 && share < 0.8, `share that is not black ${share}`);
});

Deno.test("Renderer.render() moves, and its speckle decorrelates with time", () => {
  const renderer = rendererOf({ plane: "abdomen", name: "one", speckle: true });
  const frames = [2, 2.04, 8].map((seconds) => {
    const picture = new Uint8Array(pixels);
    renderer.render(seconds, picture);
    return picture;
  });
  const difference = (a: Uint8Array, b: Uint8Array) =>
    a.reduce((sum, grey, i) => sum + Math.abs(grey - b[i]), 0) / pixels;
  const soon = difference(frames[0], frames[1]), later = difference(frames[0], frames[2]);
  assert.ok(soon > 0.2, `after 40 ms ${soon}`);
  assert.ok(later > 2 * soon, `after 40 ms ${soon}, after 6 s ${later}`);
});

Deno.test("Renderer.render() beats the heart: the picture changes at the heart's rate and comes back", () => {
  const still = (visit: Visit): Visit => ({
    ...visit,
    wander: [[0, 1, 0], [0, 1, 0], [0, 1, 0], [0, 1, 0]],
    kicks: [],
  });
  const name = "one", { heartRate } = drawSubject(new Random(5, name), name, ["kal"]);
  const beat = 60 / heartRate,
    at = (seconds: number) => pictureOf({ plane: "heart", name, change: still }, seconds);
  const [diastole, systole, next] = [at(0), at(beat / 2), at(beat)];
  const difference = (a: Uint8Array) =>
    a.reduce((sum, grey, i) => sum + Math.abs(grey - diastole[i]), 0) / pixels;
  assert.ok(difference(systole) > 0.5, `half a beat ${difference(systole)}`);
  assert.ok(difference(next) < 0.05, `a whole beat ${difference(next)}`);
});
