import assert from "node:assert/strict";
import fc from "fast-check";
import type { EmbeddingMapWire } from "../../routes/wire/maps.ts";
import {
  colourWindows,
  groupColour,
  oklch,
  type Rgb,
  scaleColour,
} from "../../static/app/charts/map_colours.ts";
import { lightScene, pointRadius } from "../../static/app/charts/map_painter.ts";
import { clipLine, makeStamp, paintPixels, type Pixels } from "../../static/app/charts/map_pixels.ts";
import {
  fitView,
  isInside,
  panView,
  pinchView,
  type Place,
  PointIndex,
  startPlaces,
  toCanvas,
  toMap,
  viewOf,
  viewPolygon,
  viewText,
  zoomView,
} from "../../static/app/charts/map_plane.ts";
import { inOrder, matchesOf, selectionCsv } from "../../static/app/charts/map_selection.ts";

const size = { width: 400, height: 300 };
const map: EmbeddingMapWire = {
  step: 1,
  scans: ["s0001", "s0002"],
  labels: ["=heart, four chambers"],
  windowIds: [4, 7, 9],
  scan: [0, 1, 1],
  label: [0, null, 0],
  startSeconds: [0, 2.5, 5],
  voice: [0.25, null, 1],
  affinity: [0.5, -0.5, 0.25],
  loss: [1, 3, 2],
  contrasted: 3,
  temperature: 0.07,
};
/** Videos at (0, 0), (10, 0), (0, 10), their speeches one to the right. */
const places = Float32Array.from([0, 0, 10, 0, 0, 10, 1, 0, 11, 0, 1, 10]);
const options = { isDark: false, subjectOf: new Map([["s0002", "subject 2"]]) };

Deno.test("fitView() shows all points, and toMap() undoes toCanvas() in any view", () => {
  const view = fitView(places, size);
  for (let i = 0; i < places.length; i += 2) {
    const [x, y] = toCanvas([places[i], places[i + 1]], view, size);
    assert.ok(x > 20 && y > 20 && x < size.width - 20 && y < size.height - 20);
  }
  assert.ok(Number.isFinite(fitView(new Float32Array(0), size).scale));
  assert.ok(fitView(places, { width: 0, height: 0 }).scale > 0);
  const number = fc.double({ min: -1e3, max: 1e3, noNaN: true });
  fc.assert(
    fc.property(
      fc.tuple(number, number),
      fc.tuple(number, number),
      fc.integer({ min: 1, max: 50 }),
      (p, middle, scale) => {
        const back = toMap(toCanvas(p as Place, { middle: middle as Place, scale }, size), {
          middle: middle as Place,
          scale,
        }, size);
        assert.ok(Math.hypot(back[0] - p[0], back[1] - p[1]) < 1e-6);
      },
    ),
  );
});

Deno.test("zoomView() keeps what is under the pointer, panView() moves it along", () => {
  const view = fitView(places, size);
  const pointer: Place = [90, 200];
  const under = toMap(pointer, view, size);
  const zoomed = toCanvas(under, zoomView(view, size, pointer, 2.5), size);
  assert.ok(Math.hypot(zoomed[0] - 90, zoomed[1] - 200) < 1e-9);
  const moved = toCanvas(under, panView(view, [30, -10]), size);
  assert.ok(Math.hypot(moved[0] - 120, moved[1] - 190) < 1e-9);
});

Deno.test("pinchView() keeps what is between the fingers there, and zooms as their distance grows", () => {
  const view = { middle: [3, -4] as Place, scale: 20 };
  const before: [Place, Place] = [[100, 100], [140, 130]];
  const after: [Place, Place] = [[80, 150], [180, 225]];
  const pinched = pinchView(view, size, { before, after });
  assert.ok(Math.abs(pinched.scale - 20 * (125 / 50)) < 1e-9);
  const moved = toCanvas(toMap([120, 115], view, size), pinched, size);
  assert.ok(Math.hypot(moved[0] - 130, moved[1] - 187.5) < 1e-9);
  const apart: [Place, Place] = [[110, 90], [150, 120]];
  assert.deepEqual(pinchView(view, size, { before, after: apart }), panView(view, [10, -10]), "no zoom");
  const still: [Place, Place] = [[5, 5], [5, 5]];
  assert.equal(pinchView(view, size, { before: still, after: still }).scale, 20, "on one place");
});

Deno.test("viewText() is read back by viewOf(), on a window of another size too; nonsense is no view", () => {
  const view = { middle: [1.5, -2.25] as Place, scale: 12 };
  assert.deepEqual(viewOf(viewText(view, size), size), view);
  assert.equal(viewOf(viewText(view, size), { width: 800, height: 600 })!.scale, 24);
  for (const text of [null, "", "1_2", "1_2_0", "1_2_-4", "a_b_c", "1_2_Infinity"]) {
    assert.equal(viewOf(text, size), null);
  }
});

Deno.test("PointIndex finds the window under the pointer by video or speech, and those inside a polygon", () => {
  const index = new PointIndex(places);
  const view = fitView(places, size);
  const near = (place: Place, dx = 0) => {
    const [x, y] = toCanvas(place, view, size);
    return index.nearest(view, size, [x + dx, y]);
  };
  assert.deepEqual([near([0, 0]), near([11, 0], 5), near([0, 10], -5), near([5, 5])], [0, 1, 2, null]);
  assert.deepEqual(index.inside([[-1, -1], [12, -1], [12, 1], [-1, 1]]), [0, 1]);
  assert.deepEqual(index.inside([[0.5, -1], [2, -1], [2, 11], [0.5, 11]]), [0, 2], "by their speech alone");
  assert.deepEqual(index.inside(viewPolygon(view, size)), [0, 1, 2]);
  assert.deepEqual(index.inside([]), []);
});

Deno.test("isInside() tells the hole of a ring from the ring", () => {
  const c: Place[] = [[0, 0], [4, 0], [4, 1], [1, 1], [1, 3], [4, 3], [4, 4], [0, 4]];
  assert.deepEqual([[0.5, 2], [2, 2], [2, 0.5], [5, 2]].map((p) => isInside(p as Place, c)), [
    true,
    false,
    true,
    false,
  ]);
});

Deno.test("startPlaces() begins where the same windows were, and at the end for new ones", () => {
  const before = { ids: [9, 4], places: Float32Array.from([1, 1, 2, 2, 3, 3, 4, 4]) };
  assert.deepEqual([...startPlaces(before, { ids: map.windowIds, places })], [
    2,
    2,
    10,
    0,
    1,
    1,
    4,
    4,
    11,
    0,
    3,
    3,
  ]);
});

Deno.test("matchesOf() looks for all words in scan, label or id", () => {
  const found = (search: string) => [0, 1, 2].filter(matchesOf(map, search));
  assert.deepEqual(found("S0002"), [1, 2]);
  assert.deepEqual(found(" heart  s0002 "), [2]);
  assert.deepEqual([found("7"), found("nothing"), found("")], [[1], [], [0, 1, 2]]);
});

Deno.test("inOrder() lists the least affinity or the greatest loss first", () => {
  assert.deepEqual(inOrder([0, 1, 2], map, "affinity"), [1, 2, 0]);
  assert.deepEqual(inOrder([0, 1, 2], map, "loss"), [1, 2, 0]);
  assert.deepEqual(
    inOrder([2, 0], { ...map, affinity: [null, 0, 1] }, "affinity"),
    [2, 0],
    "unknown ones last",
  );
});

Deno.test("selectionCsv() quotes what it must and makes no formula", () => {
  const lines = selectionCsv([0, 1], map, places).split("\r\n");
  assert.equal(lines[1], `4,s0001,0,"'=heart, four chambers",0.25,0.5,1,0,0,1,0`);
  assert.equal(lines[2], "7,s0002,2.5,,,-0.5,3,10,0,11,0");
  const [, line] = selectionCsv([0], { ...map, labels: map.labels.map(() => "head;=cmd") }, places).split(
    "\r\n",
  );
  assert.match(line, /,head;'=cmd,/);
});

Deno.test("colourWindows() colours groups in the order of their names, and numbers on fixed scales", () => {
  const bySubject = colourWindows(map, "subject", options);
  assert.equal(bySubject.legend.kind, "groups");
  assert.deepEqual(
    bySubject.legend.kind === "groups" && bySubject.legend.groups.map(({ name, count }) => [name, count]),
    [
      ["subject 2", 2],
      ["unknown subject", 1],
    ],
  );
  assert.deepEqual(bySubject.colours[1], bySubject.colours[2]);
  const byLoss = colourWindows(map, "loss", options);
  assert.ok(byLoss.legend.kind === "scale");
  assert.deepEqual([byLoss.legend.low, byLoss.legend.high], ["0", "2.2 or more"]);
  assert.deepEqual(byLoss.colours[1], scaleColour(1, false), "what is beyond the scale has its last colour");
  const byAffinity = colourWindows(map, "affinity", options);
  assert.ok(byAffinity.legend.kind === "scale" && byAffinity.legend.low === "0 or less");
  const byVoice = colourWindows(map, "voice", options);
  assert.ok(byVoice.legend.kind === "scale" && byVoice.legend.missing === 1);
});

Deno.test("scaleColour() changes evenly in lightness, away from the page's; oklch() knows white and red", () => {
  const luminance = ([r, g, b]: Rgb) =>
    0.2126 * (r / 255) ** 2.2 + 0.7152 * (g / 255) ** 2.2 + 0.0722 * (b / 255) ** 2.2;
  for (const isDark of [false, true]) {
    const steps = Array.from({ length: 11 }, (_, i) => luminance(scaleColour(i / 10, isDark)));
    assert.ok(
      steps.every((value, i) => i === 0 || (isDark ? value > steps[i - 1] : value < steps[i - 1])),
      `${steps}`,
    );
  }
  assert.deepEqual(oklch(1, 0, 0), [255, 255, 255]);
  assert.deepEqual(oklch(0.627955, 0.257683, 29.2339), [255, 0, 0]);
  const many = new Set(Array.from({ length: 40 }, (_, i) => groupColour(i, false).join()));
  assert.equal(many.size, 40);
});

Deno.test("lightScene() paints what is lit above what stands back", () => {
  const { colours, order } = lightScene([[1, 2, 3], [4, 5, 6], [7, 8, 9]], (i) => i !== 1);
  assert.deepEqual([...order], [1, 0, 2]);
  assert.deepEqual([...colours.slice(0, 3)], [1, 2, 3]);
  assert.ok(colours[3] === 255 && colours[7] < 80);
  assert.ok(pointRadius(50_000) >= 1 && pointRadius(100) > pointRadius(5000));
});

Deno.test("makeStamp() covers a disc's area, and a ring leaves its middle to the page", () => {
  const area = ({ cover }: { cover: number[] }) => cover.reduce((a, b) => a + b, 0);
  assert.ok(Math.abs(area(makeStamp(5, false)) - Math.PI * 25) < 3);
  const ring = makeStamp(5, true);
  const middle = ring.dx.findIndex((dx, i) => dx === 0 && ring.dy[i] === 0);
  assert.equal(ring.ink[middle], 0);
  assert.equal(Math.max(...ring.ink), 1);
});

Deno.test("clipLine() keeps what lies on the canvas", () => {
  assert.deepEqual(clipLine([-10, 5, 30, 5], 20, 10), [0, 5, 20, 5]);
  assert.deepEqual(clipLine([5, 5, 6, 6], 20, 10), [5, 5, 6, 6]);
  assert.equal(clipLine([-10, 20, 30, 20], 20, 10), null);
  assert.equal(clipLine([-5, 9, 9, -20], 20, 10), null);
});

Deno.test("paintPixels() paints discs, rings and lines where they are, and half way between on their way", () => {
  const target: Pixels = { data: new Uint8ClampedArray(4 * 100 * 50), width: 100, height: 50 };
  const at = (x: number, y: number) => [...target.data.slice(4 * (y * 100 + x), 4 * (y * 100 + x) + 3)];
  const scene = {
    places: Float32Array.from([-20, 0, 20, 0]),
    from: Float32Array.from([-40, 0, 40, 0]),
    hasLines: false,
    background: [10, 20, 30] as Rgb,
    ...lightScene([[200, 0, 0]], () => true),
  };
  const look = {
    view: { middle: [0, 0] as Place, scale: 1 },
    size: { width: 100, height: 50 },
    ratio: 1,
    share: 1,
  };
  const room = new Float32Array(4);
  paintPixels(target, scene, look, room);
  assert.deepEqual([at(30, 25), at(70, 25), at(50, 25)], [[200, 0, 0], [10, 20, 30], [10, 20, 30]]);
  assert.ok(at(73, 25)[0] > 120, "a ring around the speech");
  paintPixels(target, scene, { ...look, share: 0.5 }, room);
  assert.deepEqual([at(20, 25), at(30, 25)], [[200, 0, 0], [10, 20, 30]]);
  paintPixels(target, { ...scene, hasLines: true }, look, room);
  assert.ok(at(50, 25)[0] > 60 && at(50, 30)[0] === 10, "a line between the two");
});
