/**
 * The two axial planes of the brain: one skull and midline, and either the ventricle or the cerebellum.
 *
 * @see ISUOG Practice Guidelines (updated): sonographic examination of the fetal central nervous system, part 1,
 * Ultrasound Obstet. Gynecol. 56 (2020) 476–484.
 * @module
 */

import type { Brush } from "./brush.ts";
import { curve, fluid, type Plane, type View } from "./drawing.ts";

const long = 1.3;
const short = ({ stretch }: View) => 0.92 + 0.06 * stretch;

function paintBrain(brush: Brush, view: View): void {
  const width = short(view);
  brush.ellipse({ at: [0, 0], radii: [long + 0.1, width + 0.1], echo: -8 });
  brush.ellipse({ at: [0, 0], radii: [long, width], echo: -17 });
  for (const side of [-1, 1]) {
    const furrow = curve(-0.9, 0.9, (x) => side * (0.64 - 0.3 * x * x), 7);
    brush.stroke({ points: furrow, thickness: 0.05, echo: -8 });
  }
}

/** Drawn last: the bone weakens what lies behind it. */
function paintMidlineAndSkull(brush: Brush, view: View, from: number): void {
  const cavum = 0.58 + 0.05 * view.shift;
  brush.stroke({ points: [[from, 0], [0.3, 0]], thickness: 0.05, echo: 7 });
  brush.stroke({ points: [[0.85, 0], [1.25, 0]], thickness: 0.05, echo: 7 });
  brush.ellipse({ at: [cavum, 0], radii: [0.19, 0.085], echo: -30 });
  brush.ellipse({ at: [cavum, 0], radii: [0.21, 0.1], rim: 0.04, echo: 6 });
  const radii = [long, short(view)] as const;
  brush.ellipse({ at: [0, 0], radii, rim: 0.1, echo: 20, attenuation: 14, specular: 16 });
}

/** The ventricles with their choroid plexus, at the level of the cavum. */
export const transventricular: Plane = {
  name: "brain transventricular",
  wordings: [
    "the lateral ventricle looks normal",
    "measuring the ventricle",
    "you can see the choroid plexus",
    "the head circumference is measured",
    "the ventricles of the brain are not wide",
    "the back horn of the ventricle",
    "choroid plexus fills the ventricle",
    "head circumference at the ventricles",
    "the ventricle is not widened",
    "the ventricular level",
  ],
  landmarks: [
    { name: "ventricle", at: [-0.45, 0.34] },
    { name: "choroid plexus", at: [-0.5, 0.36] },
    { name: "cavum", at: [0.58, 0] },
    { name: "midline", at: [-0.4, 0] },
  ],
  draw(brush, view) {
    const width = 0.11 + 0.03 * view.inner, place = { at: [-0.45, 0.36] as const, angle: -0.25 };
    paintBrain(brush, view);
    brush.ellipse({ ...place, radii: [0.5, width + 0.07], echo: -3 });
    brush.ellipse({ ...place, radii: [0.44, width], ...fluid });
    const plexus = [-0.5 + 0.02 * view.stir, 0.38] as const;
    brush.ellipse({ at: plexus, radii: [0.26, 0.085], angle: -0.25, echo: 6 });
    paintMidlineAndSkull(brush, view, -1.25);
  },
};

/** The cerebellum, the cistern behind it and the thalami in front of it. */
export const transcerebellar: Plane = {
  name: "brain transcerebellum",
  wordings: [
    "this is the cerebellum",
    "measuring across the cerebellum",
    "the cisterna magna is not wide",
    "both halves of the cerebellum",
    "the little brain looks like a dumbbell",
    "the thalami lie in the middle",
    "the back of the head with the cistern",
    "cerebellar diameter is fine",
    "the vermis between the halves",
    "here is the cerebellar level of the brain",
  ],
  landmarks: [
    { name: "cerebellum", at: [-0.74, -0.24] },
    { name: "cerebellum", at: [-0.74, 0.24] },
    { name: "cistern", at: [-1.08, 0] },
    { name: "thalami", at: [-0.1, 0] },
    { name: "cavum", at: [0.58, 0] },
  ],
  draw(brush, view) {
    const { inner, shift } = view, x = -0.74 + 0.04 * shift, half = 0.23 + 0.03 * inner;
    paintBrain(brush, view);
    for (const side of [-1, 1]) {
      brush.ellipse({ at: [-0.12, side * 0.16], radii: [0.3, 0.14], angle: side * 0.3, echo: -25 });
    }
    brush.ellipse({ at: [x - 0.3, 0], radii: [0.2, 0.32], ...fluid });
    for (const side of [-1, 1]) {
      const at = [x, side * half] as const;
      brush.ellipse({ at, radii: [0.2, half], angle: -0.25 * side, echo: -10 });
      brush.ellipse({ at, radii: [0.2, half], angle: -0.25 * side, rim: 0.07, echo: 5 });
    }
    brush.ellipse({ at: [x, 0], radii: [0.1, 0.09], echo: 7 });
    paintMidlineAndSkull(brush, view, -0.5);
  },
};
