/**
 * Colours of the embedding map's windows. Groups take the palette of Okabe and Ito (Color universal design, 2008), which
 * people with any colour vision tell apart, as far as it goes; numbers go from yellow to blue and change evenly in
 * lightness.
 *
 * @module
 */

import type { EmbeddingMapWire } from "../../../routes/wire/maps.ts";

/** Red, green and blue, 0 to 255. */
export type Rgb = [red: number, green: number, blue: number];

/** What windows can be coloured by. */
export const colourings = ["scan", "subject", "label", "voice", "affinity", "loss"] as const;

/** See {@linkcode colourings}. */
export type Coloring = typeof colourings[number];

/** Windows of the same colour. */
export interface LegendGroup {
  name: string;
  colour: Rgb;
  count: number;
}

/** What the colours mean. */
export type Legend =
  | { kind: "groups"; groups: LegendGroup[] }
  | { kind: "scale"; name: string; low: string; high: string; steps: Rgb[]; missing: number };

/** A colour for every window, and what the colours mean. */
export interface ColouredWindows {
  /** `[N]`. */
  colours: Rgb[];
  /** The legend's group of each window; null where numbers are shown. */
  groupOf: ((window: number) => string) | null;
  legend: Legend;
}

const palette: Rgb[] = [
  [0, 114, 178],
  [213, 94, 0],
  [0, 158, 115],
  [204, 121, 167],
  [230, 159, 0],
  [86, 180, 233],
];
/** On a dark page the darkest blue of the palette would be hard to see. */
const darkPalette: Rgb[] = [[86, 180, 233], [230, 159, 0], [0, 158, 115], [204, 121, 167], [240, 228, 66], [
  213,
  94,
  0,
]];
const none: Rgb = [128, 136, 140];
const scaleSteps = 9;

/** Colours windows by what they belong to, or by a number of theirs. */
export function colourWindows(
  map: EmbeddingMapWire,
  by: Coloring,
  { isDark, subjectOf }: { isDark: boolean; subjectOf: ReadonlyMap<string, string> },
): ColouredWindows {
  if (by === "voice") return byNumber(map.voice, { name: "Share of voice", range: [0, 1] }, isDark);
  if (by === "affinity") return byNumber(map.affinity, { name: "Affinity", range: [0, 1] }, isDark);
  if (by === "loss") {
    // What is at chance has the middle colour, after whatever epoch.
    const range: [number, number] = [0, 2 * Math.log(Math.max(2, map.contrasted))];
    return byNumber(map.loss, { name: "Contrastive loss", range }, isDark);
  }
  const scanOf = (window: number) => map.scans[map.scan[window]];
  const groupOf = {
    scan: scanOf,
    subject: (window: number) => subjectOf.get(scanOf(window)) ?? "unknown subject",
    label: (window: number) => map.labels[map.label[window] ?? -1] ?? "no label",
  }[by];
  return byGroup(map.windowIds.length, groupOf, isDark);
}

function byGroup(count: number, groupOf: (window: number) => string, isDark: boolean): ColouredWindows {
  const counts = new Map<string, number>();
  for (let i = 0; i < count; i++) counts.set(groupOf(i), (counts.get(groupOf(i)) ?? 0) + 1);
  const names = [...counts.keys()].sort(inNumberOrder);
  const colourOf = new Map(names.map((name, i): [string, Rgb] => [
    name,
    name === "no label" ? none : groupColour(i, isDark),
  ]));
  return {
    colours: Array.from({ length: count }, (_, i) => colourOf.get(groupOf(i))!),
    groupOf,
    legend: {
      kind: "groups",
      groups: names.map((name) => ({ name, colour: colourOf.get(name)!, count: counts.get(name)! })),
    },
  };
}

function byNumber(
  values: readonly (number | null)[],
  { name, range: [low, high] }: { name: string; range: [number, number] },
  isDark: boolean,
): ColouredWindows {
  const isOver = values.some((value) => value !== null && value > high);
  const isUnder = values.some((value) => value !== null && value < low);
  const text = (value: number) => String(Number(value.toFixed(1)));
  const steps = Array.from({ length: scaleSteps }, (_, i) => scaleColour(i / (scaleSteps - 1), isDark));
  return {
    colours: values.map((value) =>
      value === null ? none : scaleColour(Math.min(1, Math.max(0, (value - low) / (high - low))), isDark)
    ),
    groupOf: null,
    legend: {
      kind: "scale",
      name,
      low: isUnder ? `${text(low)} or less` : text(low),
      high: isOver ? `${text(high)} or more` : text(high),
      steps,
      missing: values.filter((value) => value === null).length,
    },
  };
}

/** A colour for each of many groups: first the palette, then hues a golden angle apart. */
export function groupColour(index: number, isDark: boolean): Rgb {
  const first = isDark ? darkPalette : palette;
  if (index < first.length) return first[index];
  // Neighbours also differ in lightness, which any eye sees.
  const lightness = (isDark ? 0.72 : 0.5) + (index % 3) * 0.07;
  return oklch(lightness, 0.12, (200 + index * 137.508) % 360);
}

/** A colour for a share from 0 to 1: what is more stands out more from the page. */
export function scaleColour(share: number, isDark: boolean): Rgb {
  return isDark
    ? oklch(0.5 + 0.4 * share, 0.11 + 0.03 * share, 265 - 170 * share)
    : oklch(0.74 - 0.42 * share, 0.13, 95 + 170 * share);
}

/** A colour of the OKLCH space as sRGB (Björn Ottosson, A perceptual color space for image processing, 2020). */
export function oklch(lightness: number, chroma: number, hue: number): Rgb {
  const [a, b] = [chroma * Math.cos((hue * Math.PI) / 180), chroma * Math.sin((hue * Math.PI) / 180)];
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ].map((linear) => {
    const share = Math.min(1, Math.max(0, linear));
    return Math.round(255 * (share <= 0.0031308 ? 12.92 * share : 1.055 * share ** (1 / 2.4) - 0.055));
  }) as Rgb;
}

/** A colour for a style sheet. */
export function cssOf(colour: Rgb): string {
  return `rgb(${colour.join(" ")})`;
}

const { compare: inNumberOrder } = new Intl.Collator("en", { numeric: true });
