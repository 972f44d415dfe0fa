/**
 * The four planes of the heart, which differ in detail alone: the same chest and the same muscle, other chambers and
 * vessels.
 *
 * @see ISUOG Practice Guidelines (updated): fetal cardiac screening, Ultrasound Obstet. Gynecol. 61 (2023) 788–803.
 * @module
 */

import type { Brush, Point } from "./brush.ts";
import { around, fluid, paintVertebra, type Plane, type View } from "./drawing.ts";

/** Coordinates along the heart's long axis (apex at −1) and across it become those of the chest. */
type Place = (along: number, across: number) => Point;

const middle: Point = [-0.12, -0.12];

function axes({ inner, shift }: View): { place: Place; size: number; turn: number } {
  const size = 1 + 0.1 * inner, turn = 0.75 + 0.15 * shift;
  const [cos, sin] = [size * Math.cos(turn), size * Math.sin(turn)];
  const x = middle[0] + 0.08 * shift, y = middle[1];
  return { place: (u, v) => [x + u * cos - v * sin, y + u * sin + v * cos], size, turn };
}

function paintChest(brush: Brush, { stretch }: View): void {
  brush.ellipse({ at: [0, 0], radii: [1.16 + 0.06 * stretch, 1.08], echo: 0 });
  brush.ellipse({ at: [0, 0], radii: [1.02, 0.94], echo: -6 });
  for (const angle of [-2.6, -2.1, -1.0, -0.5, 0.5, 2.6]) {
    const rib = [around([0, 0], 1.07, angle), around([0, 0], 1.07, angle + 0.25)];
    brush.stroke({ points: rib, thickness: 0.08, echo: 15, attenuation: 28 });
  }
  brush.ellipse({ at: [0.3, 0.55], radii: [0.11, 0.11], ...fluid });
  paintVertebra(brush, [0.1, 0.88]);
}

function paintMuscle(brush: Brush, view: View): void {
  const { size, turn, place } = axes(view);
  brush.ellipse({ at: place(0, 0), radii: [0.76 * size, 0.6 * size], angle: turn, echo: 5 });
}

/** A vessel cut lengthwise: bright walls, dark inside. */
function paintVessel(brush: Brush, points: readonly Point[], width: number): void {
  brush.stroke({ points, thickness: width + 0.1, echo: 8 });
  brush.stroke({ points, thickness: width, ...fluid });
}

/** A vessel cut across. */
function paintRing(brush: Brush, at: Point, radius: number, echo = fluid.echo): void {
  brush.ellipse({ at, radii: [radius, radius], echo });
  brush.ellipse({ at, radii: [radius + 0.03, radius + 0.03], rim: 0.05, echo: 10 });
}

/** A chamber that fills and empties. */
function paintChamber(brush: Brush, view: View, at: Point, [long, short]: Point, emptying: number): void {
  const { size, turn, place } = axes(view), scale = size * (1 - emptying * view.contraction);
  brush.ellipse({ at: place(...at), radii: [long * scale, short * scale], angle: turn, ...fluid });
}

/** Both ventricles and both atria, with the valves between them. */
export const fourChambers: Plane = {
  name: "4CH",
  wordings: [
    "this is the four chamber view",
    "four chambers of equal size",
    "ventricles side by side",
    "both atria and both ventricles",
    "the valves open and close in turn",
    "the crux of the heart is here",
    "you can see all four chambers beating",
    "mitral and tricuspid valve together",
    "the septum between the ventricles is complete",
    "here is the four chamber heart",
  ],
  landmarks: [
    { name: "left ventricle", at: [-0.5, -0.15] },
    { name: "right ventricle", at: [-0.17, -0.45] },
    { name: "left atrium", at: [0, 0.28] },
    { name: "right atrium", at: [0.3, 0] },
    { name: "crux", at: [-0.1, -0.1] },
  ],
  draw(brush, view) {
    const { place } = axes(view);
    paintChest(brush, view);
    paintMuscle(brush, view);
    for (const side of [-1, 1]) {
      paintChamber(brush, view, [-0.3, side * 0.25], [0.33, 0.19], 0.42);
      paintChamber(brush, view, [0.36, side * 0.22], [0.23, 0.18], -0.2);
      const open = 0.14 * (1 - view.contraction);
      const leaflet = [place(0.05, side * 0.4), place(0.05 - open, side * (0.14 + open))];
      brush.stroke({ points: leaflet, thickness: 0.05, echo: 9 });
    }
  },
};

/** The left ventricle opening into the aorta. */
export const leftOutflow: Plane = {
  name: "LVOT",
  wordings: [
    "this is the left outflow tract",
    "the aorta leaves the left ventricle",
    "left ventricular outflow looks open",
    "the septum runs into the aorta",
    "the aortic valve opens nicely",
    "the aorta comes from the correct side",
    "five chambers with the aorta",
    "here is the l v o t",
    "continuity of septum and aortic wall",
    "the left ventricle pumps into the aorta",
  ],
  landmarks: [
    { name: "aortic valve", at: [-0.1, 0.05] },
    { name: "ascending aorta", at: [0.33, 0.12] },
    { name: "left ventricle", at: [-0.52, -0.05] },
    { name: "septum", at: [-0.3, -0.25] },
  ],
  draw(brush, view) {
    const { place } = axes(view);
    paintChest(brush, view);
    paintMuscle(brush, view);
    paintChamber(brush, view, [-0.32, -0.3], [0.27, 0.14], 0.42);
    paintChamber(brush, view, [0.3, 0.36], [0.22, 0.15], -0.2);
    paintVessel(brush, [place(-0.15, 0.16), place(0.2, -0.02), place(0.55, -0.22)], 0.19);
    paintChamber(brush, view, [-0.3, 0.16], [0.4, 0.18], 0.3);
    const open = 0.07 * (1 - view.contraction);
    brush.stroke({ points: [place(0.1, 0.1 - open), place(0.15, 0.03)], thickness: 0.05, echo: 11 });
  },
};

/** The right ventricle opening into the pulmonary trunk, which wraps around the aorta and forks. */
export const rightOutflow: Plane = {
  name: "RVOT",
  wordings: [
    "this is the right outflow tract",
    "the pulmonary artery leaves the heart",
    "right ventricular outflow looks open",
    "the trunk divides into branches",
    "the pulmonary valve opens nicely",
    "the great vessels cross over here",
    "it wraps around the aorta",
    "here is the r v o t",
    "the duct arches towards the back",
    "the right ventricle pumps into the lungs",
  ],
  landmarks: [
    { name: "pulmonary valve", at: [0.05, -0.32] },
    { name: "fork of the pulmonary trunk", at: [0.28, 0.25] },
    { name: "aorta", at: [-0.05, 0.08] },
    { name: "right ventricle", at: [-0.2, -0.5] },
  ],
  draw(brush, view) {
    const { place } = axes(view);
    paintChest(brush, view);
    paintMuscle(brush, view);
    paintChamber(brush, view, [-0.36, 0.22], [0.26, 0.15], 0.42);
    paintVessel(brush, [place(0.5, 0.02), place(0.62, 0.34)], 0.13);
    paintVessel(brush, [place(0.5, 0.02), place(0.78, -0.12)], 0.13);
    paintVessel(brush, [place(-0.1, -0.28), place(0.25, -0.24), place(0.52, 0.04)], 0.2);
    paintChamber(brush, view, [-0.3, -0.26], [0.34, 0.17], 0.4);
    paintRing(brush, place(0.19, 0.14), 0.14);
  },
};

/** Above the heart: pulmonary trunk, aorta and vena cava in a row, and the trachea. */
export const threeVessels: Plane = {
  name: "3VT",
  wordings: [
    "this is the three vessel view",
    "three vessels and the trachea",
    "trunk aorta and vena cava in a row",
    "the duct and the arch form a letter v",
    "the trachea is beside the vessels",
    "the aortic arch meets the duct",
    "three vessels in the right order",
    "the arch passes left of the windpipe",
    "upper chest with the big vessels",
    "here are the three vessels",
  ],
  landmarks: [
    { name: "pulmonary trunk", at: [-0.2, -0.2] },
    { name: "aortic arch", at: [0.08, -0.2] },
    { name: "vena cava", at: [0.38, -0.34] },
    { name: "trachea", at: [0.38, 0.05] },
  ],
  draw(brush, view) {
    const { inner, shift, bend, contraction } = view;
    const size = 1 + 0.12 * inner, pulse = 0.02 * contraction, dx = 0.06 * shift;
    paintChest(brush, view);
    brush.ellipse({ at: [dx, -0.25], radii: [0.66 * size, 0.5], angle: 0.1 * bend, echo: 2 });
    const trunk: Point[] = [[dx - 0.36, -0.52], [dx - 0.14, -0.05 + 0.05 * bend], [dx + 0.12, 0.42]];
    const arch: Point[] = [[dx + 0.06, -0.5], [dx + 0.1, -0.1], [dx + 0.16, 0.4]];
    paintVessel(brush, arch, 0.13 * size + pulse);
    paintVessel(brush, trunk, 0.17 * size + pulse);
    paintRing(brush, [dx + 0.4, -0.36], 0.1 * size);
    paintRing(brush, [dx + 0.4, 0.05], 0.07, -12);
  },
};
