/**
 * The two planes of the spine: seen from the back as a railway, and from the side as a curve under the skin.
 *
 * @module
 */

import type { Point } from "./brush.ts";
import { curve, fluid, type Plane } from "./drawing.ts";

const vertebrae = 11, first = -1.42, step = 0.275;

/** From the back: two even rows, ribs to both sides, hips at the end. */
export const spineCoronal: Plane = {
  name: "spine coronal",
  wordings: [
    "the spine from behind",
    "two rows of vertebrae like a railway",
    "coronal view of the spine",
    "the rows run parallel and then meet",
    "the ribs on both sides of the spine",
    "the vertebrae are evenly spaced",
    "the hip bones beside the lower spine",
    "the spine from the back is straight",
    "no gap widening between the rows",
    "here is the coronal spine",
  ],
  landmarks: [
    { name: "neck", at: [-1.2, 0] },
    { name: "thoracic spine", at: [-0.4, 0] },
    { name: "lumbar spine", at: [0.5, 0] },
    { name: "sacrum", at: [1.2, 0] },
  ],
  draw(brush, { stretch, inner, bend }) {
    const gap = 0.17 + 0.03 * inner, line = (x: number) => 0.12 * bend * x * x;
    brush.stroke({ points: curve(-1.5, 1.5, line), thickness: 1.35 + 0.1 * stretch, echo: -6 });
    brush.stroke({ points: curve(-1.4, 1.25, line), thickness: 1.1 * gap, echo: -20 });
    for (let i = 0; i < vertebrae; i++) {
      const x = first + step * i, narrow = x > 0.6 ? 1 - 0.7 * (x - 0.6) : 1;
      for (const side of [-1, 1]) {
        const at: Point = [x, line(x) + side * gap * narrow];
        brush.ellipse({ at, radii: [0.085, 0.065], echo: 16, attenuation: 20 });
        if (i < 2 || i > 6) continue;
        const rib: Point[] = [[x, at[1] + side * 0.12], [x + 0.16, at[1] + side * 0.45]];
        brush.stroke({ points: rib, thickness: 0.06, echo: 9, attenuation: 6 });
      }
    }
    for (const side of [-1, 1]) {
      const hip: Point[] = [[0.95, line(1) + side * 0.3], [1.3, line(1) + side * 0.5]];
      brush.stroke({ points: hip, thickness: 0.13, echo: 15, attenuation: 20 });
    }
  },
};

/** From the side: bodies below, arches above, the cord's canal between them, and the skin. */
export const spineSagittal: Plane = {
  name: "spine sagittal",
  wordings: [
    "the spine from the side",
    "sagittal view of the spine",
    "the skin over the back is intact",
    "the curve of the spine down to the sacrum",
    "the tail of the spine turns upwards",
    "you can see the canal with the cord",
    "the bodies of the vertebrae and their arches",
    "the skin line follows the spine",
    "no bulge over the lower back",
    "here is the sagittal spine",
  ],
  landmarks: [
    { name: "skin", at: [0.4, -0.4] },
    { name: "sacrum", at: [1.25, -0.05] },
    { name: "lumbar spine", at: [0.5, 0.1] },
    { name: "thoracic spine", at: [-0.5, 0.1] },
  ],
  draw(brush, { stretch, inner, bend }) {
    const gap = 0.13 + 0.025 * inner;
    const line = (x: number) => 0.1 + 0.2 * bend * x * x - (x > 0.8 ? 0.5 * (x - 0.8) ** 2 : 0);
    brush.stroke({ points: curve(-1.5, 1.5, (x) => line(x) + 0.1), thickness: 1.15, echo: -6 });
    const skin = curve(-1.55, 1.55, (x) => line(x) - 0.42);
    brush.stroke({ points: skin, thickness: 0.08, echo: 8, specular: 8 });
    const above = curve(-1.55, 1.55, (x) => line(x) - 0.56);
    brush.stroke({ points: above, thickness: 0.16, ...fluid });
    brush.stroke({ points: curve(-1.4, 1.25, line), thickness: 1.3 * gap, echo: -26 });
    for (let i = 0; i < vertebrae; i++) {
      const x = first + step * i, y = line(x), size = 1 - 0.25 * (i / vertebrae);
      const body: Point = [x, y + gap + 0.06];
      brush.ellipse({ at: body, radii: [(0.1 + 0.01 * stretch) * size, 0.09], echo: 15, attenuation: 22 });
      const arch: Point[] = [[x - 0.07, y - gap], [x + 0.05, y - gap - 0.08 * size]];
      brush.stroke({ points: arch, thickness: 0.075, echo: 15, attenuation: 14 });
    }
  },
};
