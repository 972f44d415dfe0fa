/**
 * The planes that only the easy scans visit: broad strokes, none like another.
 *
 * @module
 */

import type { Point } from "./brush.ts";
import { around, curve, fluid, paintVertebra, type Plane } from "./drawing.ts";

/** The head with midline and ventricle. */
export const head: Plane = {
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
  landmarks: [
    { name: "midline", at: [-0.4, 0] },
    { name: "ventricle", at: [-0.45, 0.34] },
    { name: "cavum", at: [0.58, 0] },
    { name: "skull", at: [0, -0.95] },
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

/** The four chambers in the chest. */
export const heart: Plane = {
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
  landmarks: [
    { name: "left ventricle", at: [-0.5, -0.15] },
    { name: "right ventricle", at: [-0.2, -0.45] },
    { name: "left atrium", at: [0, 0.25] },
    { name: "right atrium", at: [0.3, 0] },
    { name: "crux", at: [-0.12, -0.12] },
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

/** Two rows of vertebrae along the back. */
export const spine: Plane = {
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
  landmarks: [
    { name: "vertebrae", at: [-1, 0.1] },
    { name: "vertebrae", at: [0, 0.1] },
    { name: "sacrum", at: [1.1, 0.15] },
    { name: "skin", at: [-0.3, -0.38] },
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

/** The placenta and the cord in the fluid. */
export const placenta: Plane = {
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
  landmarks: [
    { name: "edge", at: [-0.9, 0.45] },
    { name: "placenta", at: [0.2, 0.8] },
    { name: "cord insertion", at: [0.1, 0.3] },
    { name: "cord", at: [-0.2, -0.5] },
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
