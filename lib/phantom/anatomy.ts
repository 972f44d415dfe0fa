/**
 * The planes of the phantom: a table of small drawings and of what is said about them.
 *
 * A drawing has its own coordinates: the structure is about one unit in radius around (0, 0), and y points away
 * from the probe before the pose turns it. To add a plane, add a value to {@linkcode planes}.
 *
 * What each plane shows follows the usual description of second-trimester views.
 * @see ISUOG Practice Guidelines (updated): performance of the routine mid-trimester fetal ultrasound scan,
 * Ultrasound Obstet. Gynecol. 59 (2022) 840–856.
 * @module
 */

import type { Point } from "./brush.ts";
import { around, bone, curve, fluid, paintVertebra, type Plane, smooth } from "./drawing.ts";

/** The name of a segment that shows no plane. */
export const background = "background";

const head: Plane = {
  name: "head",
  wordings: [
    "here is the head",
    "this is the fetal head with the skull",
    "you can see the brain in here",
    "measuring the head circumference",
    "that is the midline of the brain",
    "the lateral ventricle in the brain looks normal",
    "the skull is a nice oval",
  ],
  draw(brush, { stretch, inner, shift, stir }) {
    const ry = 0.92 + 0.06 * stretch, rx = 1.3;
    brush.ellipse({ at: [0, 0], radii: [rx + 0.1, ry + 0.1], echo: -8 });
    brush.ellipse({ at: [0, 0], radii: [rx, ry], echo: -17 });
    for (const side of [-1, 1]) {
      brush.stroke({
        points: curve(-0.9, 0.9, (x) => side * (0.62 - 0.3 * x * x), 7),
        thickness: 0.05,
        echo: -8,
      });
    }
    const ventricle = 0.1 + 0.03 * inner;
    brush.ellipse({ at: [-0.45, 0.34], radii: [0.5, ventricle + 0.07], angle: -0.25, echo: -3 });
    brush.ellipse({ at: [-0.45, 0.34], radii: [0.44, ventricle], angle: -0.25, ...fluid });
    brush.ellipse({ at: [-0.5 + 0.02 * stir, 0.36], radii: [0.26, 0.085], angle: -0.25, echo: 6 });
    brush.stroke({ points: [[-1.25, 0], [0.3, 0]], thickness: 0.05, echo: 7 });
    brush.stroke({ points: [[0.85, 0], [1.25, 0]], thickness: 0.05, echo: 7 });
    brush.ellipse({ at: [0.58 + 0.05 * shift, 0], radii: [0.19, 0.085], echo: -30 });
    brush.ellipse({ at: [0.58 + 0.05 * shift, 0], radii: [0.21, 0.1], rim: 0.04, echo: 6 });
    brush.ellipse({ at: [0, 0], radii: [rx, ry], rim: 0.1, echo: 20, attenuation: 14, specular: 16 });
  },
};

const heart: Plane = {
  name: "heart",
  wordings: [
    "here is the heart",
    "this is the four chamber view of the heart",
    "you can see the heart beating",
    "left ventricle and right ventricle",
    "the four chambers look equal",
    "the heart rate is normal",
    "that is the chest with the heart inside",
  ],
  draw(brush, { stretch, inner, shift, contraction }) {
    brush.ellipse({ at: [0, 0], radii: [1.16 + 0.06 * stretch, 1.08], echo: 0 });
    brush.ellipse({ at: [0, 0], radii: [1.02, 0.94], echo: -6 });
    for (const angle of [-2.6, -2.1, -1.0, -0.5, 0.5, 2.6]) {
      const rib = [around([0, 0], 1.07, angle), around([0, 0], 1.07, angle + 0.25)];
      brush.stroke({ points: rib, thickness: 0.08, echo: 15, attenuation: 28 });
    }
    const size = 1 + 0.1 * inner, turn = 0.75 + 0.15 * shift, at: Point = [-0.12 + 0.08 * shift, -0.12];
    const place = (u: number, v: number): Point => [
      at[0] + size * (u * Math.cos(turn) - v * Math.sin(turn)),
      at[1] + size * (u * Math.sin(turn) + v * Math.cos(turn)),
    ];
    brush.ellipse({ at, radii: [0.76 * size, 0.6 * size], angle: turn, echo: 5 });
    const ventricle = size * (1 - 0.42 * contraction), atrium = size * (0.72 + 0.28 * contraction);
    for (const side of [-1, 1]) {
      const walls = { angle: turn + side * 0.12, ...fluid };
      brush.ellipse({ at: place(-0.3, side * 0.25), radii: [0.33 * ventricle, 0.19 * ventricle], ...walls });
      brush.ellipse({ at: place(0.36, side * 0.22), radii: [0.26 * atrium, 0.2 * atrium], ...walls });
      const open = 0.14 * (1 - contraction);
      const leaflet = [place(0.05, side * 0.4), place(0.05 - open, side * (0.14 + open))];
      brush.stroke({ points: leaflet, thickness: 0.05, echo: 9 });
    }
    brush.ellipse({ at: [0.3, 0.55], radii: [0.11, 0.11], ...fluid });
    paintVertebra(brush, [0.1, 0.88]);
  },
};

const abdomen: Plane = {
  name: "abdomen",
  wordings: [
    "here is the abdomen",
    "this is the abdominal circumference",
    "you can see the stomach bubble",
    "the stomach is on the left side",
    "measuring around the abdomen",
    "that is the tummy with the liver",
    "the umbilical vein enters the abdomen here",
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

const femur: Plane = {
  name: "femur",
  wordings: [
    "here is the femur",
    "this is the thigh bone",
    "measuring the femur length",
    "femur length",
    "you can see the whole thigh bone",
    "a nice long leg here",
    "that is the femur in the leg",
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

const spine: Plane = {
  name: "spine",
  wordings: [
    "here is the spine",
    "this is the spine from the neck down",
    "you can see all the vertebrae",
    "two rows of vertebrae like a railway",
    "the back and the spine are straight",
    "the skin over the back is intact",
    "following the spine to the sacrum",
  ],
  draw(brush, { stretch, inner, bend }) {
    const count = 10, gap = 0.17 + 0.03 * inner;
    const line = (x: number) => 0.2 * bend * x * x + 0.1;
    brush.stroke({ points: curve(-1.5, 1.5, (x) => line(x) + 0.1), thickness: 1.15, echo: -6 });
    brush.stroke({
      points: curve(-1.55, 1.55, (x) => line(x) - 0.48),
      thickness: 0.07,
      echo: 6,
      specular: 8,
    });
    brush.stroke({ points: curve(-1.4, 1.25, line), thickness: 1.1 * gap, echo: -22 });
    for (let i = 0; i < count; i++) {
      const x = -1.4 + (2.75 * i) / (count - 1), narrow = x > 0.6 ? 1 - 0.75 * (x - 0.6) : 1;
      for (const side of [-1, 1]) {
        const at: Point = [x, line(x) + side * gap * narrow];
        const echo = side < 0 ? 17 : 14;
        brush.ellipse({ at, radii: [0.085 + 0.01 * stretch, 0.065], echo, attenuation: 22 });
      }
    }
  },
};

const lips: Plane = {
  name: "lips",
  wordings: [
    "here are the lips",
    "this is the nose and the lips",
    "you can see the mouth and the upper lip",
    "the upper lip is intact",
    "the nostrils and the mouth",
    "that is the lower lip and the chin",
    "looking at the lips for a cleft",
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

const profile: Plane = {
  name: "profile",
  wordings: [
    "here is the profile",
    "this is the face from the side",
    "you can see the forehead and the nose",
    "the nasal bone is present",
    "a lovely profile with the chin",
    "the face of the baby looking up",
    "forehead nose and chin in profile",
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

const kidneys: Plane = {
  name: "kidneys",
  wordings: [
    "here are the kidneys",
    "this is the left kidney and the right kidney",
    "both kidneys beside each other",
    "you can see the renal pelvis",
    "the kidneys look normal",
    "measuring the renal pelvis of the kidney",
    "one kidney on each side of the back",
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

const placenta: Plane = {
  name: "placenta",
  wordings: [
    "here is the placenta",
    "the placenta is high and clear",
    "this is where the cord inserts into the placenta",
    "you can see three vessels in the cord",
    "the umbilical cord floats in the fluid",
    "checking the edge of the placenta",
    "plenty of fluid beside the placenta",
  ],
  draw(brush, { stretch, inner, shift, stir }) {
    brush.ellipse({ at: [0, 0.1], radii: [1.7, 1.15], ...fluid });
    const edge = (x: number) => 0.62 - 0.16 * x * x;
    brush.stroke({
      points: curve(-1.45, 1.45, (x) => edge(x) + 0.2),
      thickness: 0.85 + 0.12 * stretch,
      echo: 1,
    });
    brush.stroke({ points: curve(-1.6, 1.6, (x) => edge(x) - 0.24), thickness: 0.06, echo: 8, specular: 8 });
    for (const [x, y] of [[-0.8, 0.25], [-0.1, 0.4], [0.65, 0.3]]) {
      const at: Point = [x + 0.15 * shift, edge(x) + y - 0.1];
      brush.ellipse({ at, radii: [0.12 + 0.03 * inner, 0.06], echo: -22 });
    }
    const root = 0.3 * shift;
    for (let i = 0; i < 9; i++) {
      const at: Point = [root + 0.16 * Math.sin(1.1 * i + 2 * stir) - 0.06 * i, 0.28 - 0.15 * i];
      brush.ellipse({ at, radii: [0.15, 0.1], angle: 0.6 * (-1) ** i, echo: 4 });
      brush.ellipse({ at, radii: [0.08, 0.045], angle: 0.6 * (-1) ** i, ...fluid });
    }
  },
};

/** All planes of the phantom. */
export const planes: readonly Plane[] = [
  head,
  heart,
  abdomen,
  femur,
  spine,
  lips,
  profile,
  kidneys,
  placenta,
];

/** The names of all planes, without {@linkcode background}. */
export const planeNames: readonly string[] = planes.map(({ name }) => name);

const byName = new Map(planes.map((plane) => [plane.name, plane]));

/** A plane by its name. @throws RangeError when there is none of that name. */
export function planeNamed(name: string): Plane {
  const plane = byName.get(name);
  if (!plane) {
    throw new RangeError(
      `Cannot find the plane: name must be one of ${planeNames.join(", ")}, received "${name}"`,
    );
  }
  return plane;
}
