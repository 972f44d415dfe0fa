/**
 * Planes of the face: lips and profile.
 *
 * @module
 */

import type { Point } from "./brush.ts";
import { around, curve, fluid, type Plane, smooth } from "./drawing.ts";

/** Nostrils, mouth and lips from the front. */
export const lips: Plane = {
  name: "lips",
  wordings: [
    "here are the lips",
    "this is the nose and the lips",
    "you can see the mouth and the upper lip",
    "the upper lip is intact all along",
    "the nostrils above the open mouth",
    "that is the lower lip and the chin",
    "looking at the lips for a cleft",
    "there is no cleft in this lip",
    "mouth and nose from the front",
    "the lips are closed at the moment",
    "nostrils and upper lip together",
    "a front view of the mouth and nose",
  ],
  landmarks: [
    { name: "upper lip", at: [0, 0.2] },
    { name: "lower lip", at: [0, 0.52] },
    { name: "nostrils", at: [-0.21, -0.36] },
    { name: "nostrils", at: [0.21, -0.36] },
  ],
  draw(brush, { stretch, inner, bend, stir }) {
    const wide = 1 + 0.12 * stretch, open = 0.06 + 0.05 * stir;
    brush.ellipse({ at: [0, 0.1], radii: [1.25 * wide, 1.15], echo: -11 });
    brush.ellipse({ at: [0, -0.5], radii: [0.5 * wide, 0.4], echo: 1 });
    brush.ellipse({ at: [0, -0.5], radii: [0.5 * wide, 0.4], rim: 0.07, echo: 9, specular: 5 });
    for (const side of [-1, 1]) {
      brush.ellipse({ at: [side * 0.21 * wide, -0.36], radii: [0.13 + 0.02 * inner, 0.095], ...fluid });
    }
    const upper = (x: number) => 0.16 + 0.16 * x * x + 0.05 * Math.cos(7 * x) * (1 + bend);
    const lower = (x: number) => 0.52 + open - 0.16 * x * x;
    const mouth = curve(-0.7 * wide, 0.7 * wide, (x) => (upper(x) + lower(x)) / 2);
    brush.stroke({ points: mouth, thickness: 0.2 + open, ...fluid });
    brush.stroke({ points: curve(-0.78 * wide, 0.78 * wide, upper), thickness: 0.22, echo: 5 });
    brush.stroke({
      points: curve(-0.78 * wide, 0.78 * wide, (x) => upper(x) - 0.11),
      thickness: 0.06,
      echo: 13,
    });
    brush.stroke({ points: curve(-0.62 * wide, 0.62 * wide, lower), thickness: 0.22, echo: 5 });
    brush.stroke({ points: curve(-0.55, 0.55, (x) => lower(x) + 0.12), thickness: 0.06, echo: 12 });
    brush.stroke({
      points: curve(-0.5, 0.5, (x) => 1.08 - 0.35 * x * x),
      thickness: 0.1,
      echo: 10,
      specular: 4,
    });
  },
};

/** The face from the side. */
export const profile: Plane = {
  name: "profile",
  wordings: [
    "here is the profile",
    "this is the face from the side",
    "you can see the forehead and the nose",
    "the nasal bone is present",
    "a lovely profile with the chin",
    "the face of the baby looking up",
    "forehead nose and chin in profile",
    "a side view of the face and the chin",
    "nose bone and chin from the side",
    "the profile is very clear from here",
    "that is the forehead up there",
    "looking at the chin from the side",
  ],
  landmarks: [
    { name: "nasal bone", at: [0.1, -0.3] },
    { name: "nose tip", at: [0.26, -0.65] },
    { name: "chin", at: [0.9, 0.1] },
    { name: "forehead", at: [-0.5, -0.5] },
    { name: "lips", at: [0.5, -0.4] },
  ],
  draw(brush, { stretch, inner, bend, stir }) {
    const jaw = 0.03 * stir, nose = 0.12 + 0.05 * bend;
    const outline = smooth([
      [-1.5, 0.3],
      [-1.15, -0.3],
      [-0.65, -0.58],
      [-0.15, -0.5],
      [0.0, -0.38],
      [0.26, -0.6 - nose],
      [0.38, -0.38],
      [0.5, -0.46],
      [0.6, -0.32],
      [0.72, -0.42 + jaw],
      [0.86, -0.2 + jaw],
      [1.05, -0.32 + jaw],
      [1.2, 0 + jaw],
      [1.0, 0.5],
    ]);
    const skull: Point = [-0.62, 0.42];
    brush.stroke({
      points: outline.map(([x, y]) => [0.86 * x, 0.7 * y + 0.32] as const),
      thickness: 0.75,
      echo: -4,
    });
    brush.ellipse({ at: skull, radii: [0.9 + 0.06 * stretch, 0.86], echo: -16 });
    brush.stroke({ points: outline, thickness: 0.09, echo: 9 });
    const vault = Array.from({ length: 9 }, (_, i) => around(skull, 0.88, -2.9 + 0.27 * i));
    brush.stroke({ points: vault, thickness: 0.11, echo: 20, attenuation: 9, specular: 8 });
    brush.stroke({ points: [[0.02, -0.2], [0.22, -0.42]], thickness: 0.1, echo: 20, attenuation: 20 });
    brush.stroke({
      points: [[0.3, 0], [0.72, 0.04 + 0.04 * inner]],
      thickness: 0.1,
      echo: 17,
      attenuation: 25,
    });
    brush.stroke({
      points: [[0.62, 0.28 + jaw], [1.02, 0.02 + jaw]],
      thickness: 0.11,
      echo: 18,
      attenuation: 25,
    });
  },
};
