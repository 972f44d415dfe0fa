/**
 * What is seen on the way while no plane is: limbs, the cord, and oblique cuts that lack every landmark.
 *
 * @module
 */

import type { Point } from "./brush.ts";
import { around, bone, curve, fluid, paintVertebra, type Scene } from "./drawing.ts";

/** Cross-sections of a few limbs in the fluid. */
const limbs: Scene = {
  name: "limbs",
  landmarks: [{ name: "limb", at: [-0.6, 0.2] }, { name: "limb", at: [0.5, -0.2] }],
  draw(brush, { stretch, inner, shift, bend, stir }) {
    const spots: Point[] = [[-0.65 + 0.2 * bend, 0.2], [0.5 + 0.2 * shift, -0.25], [0.35, 0.65 + 0.1 * stir]];
    spots.forEach(([x, y], i) => {
      const radius = 0.36 + 0.07 * inner - 0.05 * i;
      brush.ellipse({ at: [x, y], radii: [radius * (1.2 + 0.3 * stretch), radius], angle: bend, echo: -5 });
      brush.ellipse({
        at: [x, y],
        radii: [radius * (1.2 + 0.3 * stretch), radius],
        angle: bend,
        rim: 0.06,
        echo: 5,
      });
      brush.ellipse({ at: [x + 0.05, y], radii: [0.09, 0.07], echo: 22, ...bone });
    });
  },
};

/** Loops of cord before a wall of placenta. */
const cord: Scene = {
  name: "cord",
  landmarks: [{ name: "cord", at: [0, -0.3] }, { name: "placenta", at: [0.2, 0.7] }],
  draw(brush, { stretch, inner, shift, bend, stir }) {
    brush.ellipse({ at: [0, 0], radii: [1.6, 1.1], ...fluid });
    const edge = (x: number) => 0.62 + 0.2 * bend * x - 0.1 * x * x;
    const wall = curve(-1.45, 1.45, (x) => edge(x) + 0.2);
    brush.stroke({ points: wall, thickness: 0.8 + 0.15 * stretch, echo: 0 });
    for (let i = 0; i < 7 + Math.round(2 * inner); i++) {
      const turn = 0.9 * i + 2 * shift;
      const at: Point = [0.5 * Math.sin(turn) + 0.1 * stir, 0.1 - 0.13 * i];
      brush.ellipse({ at, radii: [0.16, 0.11], angle: turn, echo: 4 });
      brush.ellipse({ at, radii: [0.09, 0.05], angle: turn, ...fluid });
    }
  },
};

/** The trunk cut askew: ribs and organs, but neither heart nor stomach nor kidneys. */
const obliqueTrunk: Scene = {
  name: "oblique trunk",
  landmarks: [{ name: "ribs", at: [-0.4, -0.6] }, { name: "trunk", at: [0, 0] }],
  draw(brush, { stretch, inner, shift, bend }) {
    const radii: Point = [1.3 + 0.1 * stretch, 0.9 + 0.08 * inner];
    brush.ellipse({ at: [0, 0], radii, angle: 0.4 * bend, echo: -3 });
    brush.ellipse({ at: [0, 0], radii, angle: 0.4 * bend, rim: 0.07, echo: 7, specular: 9 });
    for (let i = 0; i < 5; i++) {
      const angle = -2.7 + 0.5 * i + 0.3 * shift;
      const rib = [around([0, 0.1], 0.9, angle), around([0, 0.1], 0.8, angle + 0.2)];
      brush.stroke({ points: rib, thickness: 0.09, echo: 14, attenuation: 24 });
    }
    brush.ellipse({ at: [0.3 * shift, 0.2], radii: [0.55, 0.35], angle: bend, echo: -9 });
    if (shift > 0) paintVertebra(brush, [0.5 * bend, 0.7]);
  },
};

/** The head cut askew: skull without midline, ventricle or cerebellum. */
const obliqueHead: Scene = {
  name: "oblique head",
  landmarks: [{ name: "skull", at: [-0.7, -0.5] }, { name: "brain", at: [0.1, 0] }],
  draw(brush, { stretch, inner, shift, bend }) {
    const radii: Point = [1.1 + 0.15 * stretch, 0.95];
    brush.ellipse({ at: [0, 0], radii: [radii[0] + 0.1, 1.05], echo: -8 });
    brush.ellipse({ at: [0, 0], radii, echo: -16 });
    brush.ellipse({ at: [0.4 * shift, 0.3 * bend], radii: [0.3, 0.2 + 0.06 * inner], angle: bend, echo: -8 });
    const base: Point[] = [[-0.8, 0.5 + 0.2 * bend], [-0.1, 0.25], [0.7, 0.6 - 0.2 * shift]];
    brush.stroke({ points: base, thickness: 0.11, echo: 12, attenuation: 10 });
    brush.ellipse({ at: [0, 0], radii, rim: 0.1, echo: 19, attenuation: 14, specular: 16 });
  },
};

/** All scenes that are no plane. */
export const searchScenes: readonly Scene[] = [limbs, cord, obliqueTrunk, obliqueHead];
