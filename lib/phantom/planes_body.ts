/**
 * Planes of the trunk and the leg: abdomen, kidneys and femur.
 *
 * @module
 */

import type { Point } from "./brush.ts";
import { around, bone, curve, fluid, paintVertebra, type Plane } from "./drawing.ts";

/** The abdomen from its end, with stomach bubble and umbilical vein. */
export const abdomen: Plane = {
  name: "abdomen",
  wordings: [
    "here is the abdomen",
    "this is the abdominal circumference",
    "you can see the stomach bubble",
    "the stomach is on the left side",
    "measuring around the abdomen",
    "that is the tummy with the liver",
    "the umbilical vein enters the abdomen here",
    "abdominal circumference next",
    "the stomach bubble is full",
    "a round section through the belly",
    "we measure the tummy here",
    "liver and stomach in one picture",
  ],
  landmarks: [
    { name: "stomach", at: [0.5, 0.14] },
    { name: "umbilical vein", at: [-0.15, -0.2] },
    { name: "vertebra", at: [-0.06, 0.82] },
    { name: "aorta", at: [0.02, 0.5] },
    { name: "outline", at: [-0.9, -0.6] },
  ],
  draw(brush, { stretch, inner, shift, bend }) {
    const rx = 1.14 + 0.06 * stretch, ry = 1.06;
    brush.ellipse({ at: [0, 0], radii: [rx, ry], echo: -2 });
    brush.ellipse({ at: [0, 0], radii: [rx, ry], rim: 0.08, echo: 9, specular: 10 });
    for (const angle of [-2.5, -0.65, 0.35, 2.8]) {
      const rib = [around([0, 0], 0.98, angle), around([0, 0], 0.98, angle + 0.35)];
      brush.stroke({ points: rib, thickness: 0.08, echo: 15, attenuation: 28 });
    }
    const bubble = 0.27 + 0.07 * inner;
    brush.ellipse({ at: [0.5, 0.14 + 0.1 * shift], radii: [bubble + 0.04, 0.8 * bubble + 0.04], echo: 3 });
    brush.ellipse({ at: [0.5, 0.14 + 0.1 * shift], radii: [bubble, 0.8 * bubble], ...fluid });
    const vein: Point[] = [[-0.05, -0.75], [-0.08, -0.4], [-0.16, -0.15], [-0.38 - 0.08 * bend, 0]];
    brush.stroke({ points: vein, thickness: 0.2, echo: 4 });
    brush.stroke({ points: vein, thickness: 0.12, ...fluid });
    brush.ellipse({ at: [0.02, 0.5], radii: [0.08, 0.08], ...fluid });
    paintVertebra(brush, [-0.06, 0.82]);
  },
};

/** Both kidneys beside the spine. */
export const kidneys: Plane = {
  name: "kidneys",
  wordings: [
    "here are the kidneys",
    "this is the left kidney and the right kidney",
    "both kidneys beside each other",
    "you can see the renal pelvis",
    "the kidneys look normal",
    "measuring the renal pelvis of the kidney",
    "one kidney on each side of the back",
    "the pelvis of this kidney is not dilated",
    "a pair of kidneys in cross section",
    "left and right renal pelvis",
    "these two are the kidneys",
    "renal view looks fine",
  ],
  landmarks: [
    { name: "left kidney", at: [-0.64, -0.1] },
    { name: "right kidney", at: [0.64, -0.1] },
    { name: "vertebra", at: [0, -0.55] },
  ],
  draw(brush, { stretch, inner, shift }) {
    brush.ellipse({ at: [0, 0], radii: [1.3, 0.98], echo: -9 });
    brush.ellipse({ at: [0, 0], radii: [1.3, 0.98], rim: 0.07, echo: 7, specular: 9 });
    for (const side of [-1, 1]) {
      const at: Point = [side * (0.64 + 0.05 * stretch), -0.1 + side * 0.06 * shift], angle = side * 0.5;
      brush.ellipse({ at, radii: [0.5, 0.37], angle, echo: 7 });
      brush.ellipse({ at, radii: [0.43, 0.3], angle, echo: -5 });
      const pelvis = 0.1 + 0.035 * inner;
      brush.ellipse({ at, radii: [0.26, pelvis + 0.06], angle, echo: 4 });
      brush.ellipse({ at, radii: [0.2, pelvis], angle, ...fluid });
    }
    paintVertebra(brush, [0, -0.55]);
    brush.ellipse({ at: [0.08, -0.22], radii: [0.07, 0.07], ...fluid });
  },
};

/** The thigh bone, which casts a shadow. */
export const femur: Plane = {
  name: "femur",
  wordings: [
    "here is the femur",
    "this is the thigh bone",
    "we are measuring the femur length now",
    "the femur length comes next",
    "you can see the whole thigh bone",
    "a nice long leg lies across here",
    "that is the femur in the leg",
    "both ends of the thigh bone are clear",
    "the upper leg lies flat to the beam",
    "calipers on both ends of the femur",
    "this straight bone is the femur",
    "the length of the thigh is fine",
  ],
  landmarks: [
    { name: "left end", at: [-1.05, 0.02] },
    { name: "right end", at: [1.05, 0.02] },
    { name: "shaft", at: [0, 0.05] },
  ],
  draw(brush, { stretch, inner, bend, stir }) {
    const half = 1.05 + 0.12 * stretch, sag = 0.1 * bend + 0.03 * stir;
    const bow = (x: number) => sag * (1 - (x / half) ** 2);
    const edge = 0.5 + 0.06 * inner;
    brush.stroke({ points: curve(-1.25, 1.25, (x) => bow(x) + 0.05, 5), thickness: 2 * edge, echo: -7 });
    for (const side of [-1, 1]) {
      const skin = curve(-1.4, 1.4, (x) => bow(x) + 0.05 + side * edge, 7);
      brush.stroke({ points: skin, thickness: 0.07, echo: 4, specular: 8 });
    }
    brush.stroke({ points: curve(-half, half, bow), thickness: 0.17, echo: 27, ...bone });
    for (const end of [-1, 1]) {
      brush.ellipse({ at: [end * (half + 0.14), bow(half)], radii: [0.15, 0.17], echo: -16 });
    }
  },
};
