/**
 * The plane of an embedding map: which part is shown, what lies where on the canvas, and what is near the pointer.
 *
 * Places are `[2N, 2]`: x and y of the videos of N windows, then of their speeches.
 *
 * @module
 */

import KDBush from "kdbush";

/** What part of the plane is shown: canvas = centre + scale · (place − middle), y upwards. */
export interface View {
  middle: [number, number];
  /** CSS pixels per unit of the map. */
  scale: number;
}

/** A canvas's size, CSS pixels. */
export interface Size {
  width: number;
  height: number;
}

/** A place on the canvas, CSS pixels, or on the map. */
export type Place = [x: number, y: number];

const margin = 28;
/** How near the pointer must be to a point, CSS pixels. */
const reach = 14;

/** The smallest rectangle around all places; around 0 without any. */
export function boundsOf(places: Float32Array): [left: number, bottom: number, right: number, top: number] {
  if (places.length === 0) return [0, 0, 0, 0];
  let [left, bottom, right, top] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < places.length; i += 2) {
    left = Math.min(left, places[i]);
    right = Math.max(right, places[i]);
    bottom = Math.min(bottom, places[i + 1]);
    top = Math.max(top, places[i + 1]);
  }
  return [left, bottom, right, top];
}

/** The view that shows all points. */
export function fitView(places: Float32Array, size: Size): View {
  const [left, bottom, right, top] = boundsOf(places);
  const room = (length: number) => Math.max(1, length - 2 * margin);
  const scale = Math.min(
    room(size.width) / Math.max(right - left, 1e-9),
    room(size.height) / Math.max(top - bottom, 1e-9),
  );
  return { middle: [(left + right) / 2, (bottom + top) / 2], scale };
}

/** Where a place of the map lies on the canvas. */
export function toCanvas([x, y]: Place, view: View, size: Size): Place {
  return [
    size.width / 2 + (x - view.middle[0]) * view.scale,
    size.height / 2 - (y - view.middle[1]) * view.scale,
  ];
}

/** Where a place on the canvas lies on the map. */
export function toMap([x, y]: Place, view: View, size: Size): Place {
  return [
    view.middle[0] + (x - size.width / 2) / view.scale,
    view.middle[1] - (y - size.height / 2) / view.scale,
  ];
}

/** A point's place on the map: a window's video, or its speech. */
export function placeOf(places: Float32Array, window: number, modality: "video" | "speech"): Place {
  const row = modality === "video" ? window : places.length / 4 + window;
  return [places[2 * row], places[2 * row + 1]];
}

/** The view after zooming so that the place under the pointer stays. */
export function zoomView(view: View, size: Size, pointer: Place, factor: number): View {
  const scale = view.scale * factor;
  const dx = (pointer[0] - size.width / 2) * (1 / view.scale - 1 / scale);
  const dy = (pointer[1] - size.height / 2) * (1 / view.scale - 1 / scale);
  return { middle: [view.middle[0] + dx, view.middle[1] - dy], scale };
}

/** The view moved by pixels. */
export function panView(view: View, [dx, dy]: Place): View {
  return { ...view, middle: [view.middle[0] - dx / view.scale, view.middle[1] + dy / view.scale] };
}

/** The view after two fingers moved: what lay half-way between them still does, and distances grew as theirs did. */
export function pinchView(
  view: View,
  size: Size,
  { before, after }: { before: readonly [Place, Place]; after: readonly [Place, Place] },
): View {
  const [from, to] = [middleOf(before), middleOf(after)];
  const factor = Math.max(1, distanceOf(after)) / Math.max(1, distanceOf(before));
  return zoomView(panView(view, [to[0] - from[0], to[1] - from[1]]), size, to, factor);
}

function middleOf([a, b]: readonly [Place, Place]): Place {
  return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
}

function distanceOf([a, b]: readonly [Place, Place]): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

/** The view as it goes into the address: its middle, and how many units the shorter side shows. */
export function viewText({ middle, scale }: View, size: Size): string {
  return [...middle, Math.min(size.width, size.height) / scale].map((v) => Number(v.toPrecision(6))).join(
    "_",
  );
}

/** The view in an address; null for none and for nonsense. */
export function viewOf(text: string | null, size: Size): View | null {
  const [x, y, span] = (text ?? "").split("_").map(Number);
  if (![x, y, span].every(Number.isFinite) || span <= 0) return null;
  return { middle: [x, y], scale: Math.min(size.width, size.height) / span };
}

/** Finds points of the map by their places. */
export class PointIndex {
  readonly #places: Float32Array;
  readonly #tree: KDBush;

  constructor(places: Float32Array) {
    this.#places = places;
    this.#tree = new KDBush(places.length / 2, 64, Float32Array);
    for (let i = 0; i < places.length; i += 2) this.#tree.add(places[i], places[i + 1]);
    this.#tree.finish();
  }

  /** The window with the point nearest to the pointer, within reach. */
  nearest(view: View, size: Size, pointer: Place): number | null {
    const [x, y] = toMap(pointer, view, size);
    const near = this.#tree.within(x, y, reach / view.scale);
    const distance = (row: number) => Math.hypot(this.#places[2 * row] - x, this.#places[2 * row + 1] - y);
    let best: number | null = null;
    for (const row of near) if (best === null || distance(row) < distance(best)) best = row;
    return best === null ? null : best % (this.#places.length / 4);
  }

  /** The windows of which a point lies inside a polygon on the map, in order. */
  inside(polygon: readonly Place[]): number[] {
    const [left, bottom, right, top] = boundsOf(Float32Array.from(polygon.flat()));
    const windows = new Set<number>();
    for (const row of this.#tree.range(left, bottom, right, top)) {
      if (!isInside([this.#places[2 * row], this.#places[2 * row + 1]], polygon)) continue;
      windows.add(row % (this.#places.length / 4));
    }
    return [...windows].sort((a, b) => a - b);
  }
}

/** Whether a place lies inside a polygon: a ray from it crosses an odd number of sides. */
export function isInside([x, y]: Place, polygon: readonly Place[]): boolean {
  let isOdd = false;
  polygon.forEach(([ax, ay], i) => {
    const [bx, by] = polygon[(i + 1) % polygon.length];
    if ((ay > y) !== (by > y) && x < ax + ((y - ay) / (by - ay)) * (bx - ax)) isOdd = !isOdd;
  });
  return isOdd;
}

/** The corners of what is in view, as a polygon on the map. */
export function viewPolygon(view: View, size: Size): Place[] {
  const { width, height } = size;
  const corners: Place[] = [[0, 0], [width, 0], [width, height], [0, height]];
  return corners.map((corner) => toMap(corner, view, size));
}

/**
 * The places from which windows move to new ones: where the same windows were, or already where they go.
 *
 * @param ids Of the windows that are shown next.
 */
export function startPlaces(
  before: { ids: readonly number[]; places: Float32Array },
  after: { ids: readonly number[]; places: Float32Array },
): Float32Array {
  const out = after.places.slice();
  const rowOf = new Map(before.ids.map((id, i) => [id, i]));
  const [n, m] = [after.ids.length, before.ids.length];
  after.ids.forEach((id, i) => {
    const row = rowOf.get(id);
    if (row === undefined) return;
    out.set(before.places.subarray(2 * row, 2 * row + 2), 2 * i);
    out.set(before.places.subarray(2 * (m + row), 2 * (m + row) + 2), 2 * (n + i));
  });
  return out;
}
