/**
 * What a scan can show: the planes, which have names in the truth, and the scenes on the way between them.
 *
 * A drawing has its own coordinates: the structure is about one unit in radius around (0, 0), and y points away
 * from the probe before the pose turns it. To add a plane, add a value to a table.
 *
 * What each plane shows follows the usual description of second-trimester views.
 * @see ISUOG Practice Guidelines (updated): performance of the routine mid-trimester fetal ultrasound scan,
 * Ultrasound Obstet. Gynecol. 59 (2022) 840–856.
 * @module
 */

import type { Plane, Scene } from "./drawing.ts";
import { abdomen, femur, kidneys } from "./planes_body.ts";
import { transcerebellar, transventricular } from "./planes_brain.ts";
import { head, heart, placenta, spine } from "./planes_easy.ts";
import { lips, profile } from "./planes_face.ts";
import { fourChambers, leftOutflow, rightOutflow, threeVessels } from "./planes_heart.ts";
import { spineCoronal, spineSagittal } from "./planes_spine.ts";
import { searchScenes } from "./scenes.ts";

/** The name of a segment that shows no plane. */
export const background = "background";

/** Nine planes that differ at a glance. */
export const easyPlanes: readonly Plane[] = [
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

/** The paper's thirteen standard planes (section 2.4): some differ in detail alone. */
export const standardPlanes: readonly Plane[] = [
  threeVessels,
  fourChambers,
  abdomen,
  femur,
  transventricular,
  kidneys,
  leftOutflow,
  lips,
  profile,
  rightOutflow,
  transcerebellar,
  spineCoronal,
  spineSagittal,
];

/** Names of {@linkcode easyPlanes}. */
export const easyPlaneNames: readonly string[] = easyPlanes.map(({ name }) => name);

/** Names of {@linkcode standardPlanes}; {@linkcode background} is the fourteenth class. */
export const standardPlaneNames: readonly string[] = standardPlanes.map(({ name }) => name);

const planesByName = new Map([...easyPlanes, ...standardPlanes].map((plane) => [plane.name, plane]));
const scenesByName = new Map([...planesByName.values(), ...searchScenes].map((scene) => [scene.name, scene]));

/** The names of all planes of any difficulty, without {@linkcode background}. */
export const planeNames: readonly string[] = [...planesByName.keys()];

/** The names of the scenes that are seen while no plane is. */
export const searchSceneNames: readonly string[] = searchScenes.map(({ name }) => name);

function find<T>(what: string, byName: ReadonlyMap<string, T>, name: string): T {
  const found = byName.get(name);
  if (found) return found;
  const names = [...byName.keys()].join(", ");
  throw new RangeError(`Cannot find the ${what}: name must be one of ${names}, received "${name}"`);
}

/** A plane by its name. @throws RangeError when there is none of that name. */
export function planeNamed(name: string): Plane {
  return find("plane", planesByName, name);
}

/** A plane or another scene by its name. @throws RangeError when there is none of that name. */
export function sceneNamed(name: string): Scene {
  return find("scene", scenesByName, name);
}
