/**
 * What surrounds every plane: abdominal wall, womb, placenta and amniotic fluid.
 *
 * @module
 */

import type { Brush } from "./brush.ts";
import type { Sector } from "./sector.ts";
import type { Subject } from "./subject.ts";

/** Paints the surroundings; `dx` and `dy` (cm) is how far the probe has slid. */
export function paintWomb(brush: Brush, subject: Subject, dx: number, dy: number): void {
  const { depth } = subject.sector;
  const centre = [dx, 0.53 * depth + dy] as const;
  const [rx, ry] = [subject.fluid[0] * depth, subject.fluid[1] * depth];
  const placenta = [
    centre[0] + 0.3 * rx * Math.cos(subject.placentaAngle),
    centre[1] + 0.35 * ry * Math.sin(subject.placentaAngle),
  ] as const;
  brush.clear({ echo: -7 });
  brush.ellipse({ at: centre, radii: [1.25 * rx, 1.35 * ry], echo: -9 });
  brush.ellipse({ at: placenta, radii: [rx, ry], echo: -1 });
  brush.ellipse({ at: centre, radii: [rx, ry], rim: 0.12, echo: 6, specular: 16 });
  brush.ellipse({ at: centre, radii: [rx, ry], echo: -34, attenuation: -0.5 });
}

/** Paints the layers of the abdominal wall, along the probe's face. */
export function paintWall(brush: Brush, sector: Sector, subject: Subject, dx: number): void {
  const { level, attenuation } = brush;
  const last = Math.min(sector.rows - 1, Math.ceil((1.25 * subject.wall) / sector.rowStep));
  for (let row = 0, i = 0; row <= last; row++) {
    for (let beam = 0; beam < sector.beams; beam++, i++) {
      const wave = Math.sin(1.3 * sector.x[i] - 1.3 * dx) + 0.6 * Math.sin(2.9 * sector.x[i] - 2.9 * dx + 1);
      const share = (row * sector.rowStep) / (subject.wall * (1 + 0.06 * wave));
      if (share > 1) continue;
      const streak = 3.5 * Math.sin(22 * share + wave) + 2.5 * Math.sin(41 * share - 2 * wave);
      const skin = share < 0.08 ? 9 : 0, fascia = share > 0.93 ? 9 : 0;
      level[i] = subject.wallEcho + streak + skin + fascia;
      attenuation[i] = 0.3;
    }
  }
}
