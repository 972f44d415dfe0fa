/**
 * Pictures and maps of where people look, inside the page.
 *
 * @module
 */

import { encode } from "fast-png";
import type { SaliencyExample } from "../report.ts";
import { html, type Markup } from "./markup.ts";

/** Places along "viridis" (Smith and van der Walt, 2015), whose lightness grows evenly: it survives grey printing. */
const stops = [
  [68, 1, 84],
  [71, 44, 122],
  [59, 81, 139],
  [44, 113, 142],
  [33, 144, 141],
  [39, 173, 129],
  [92, 200, 99],
  [170, 220, 50],
  [253, 231, 37],
];

/** Red, green and blue, 0 to 255, of a value 0 to 255. */
export function colourOf(value: number): [number, number, number] {
  const place = Math.min(255, Math.max(0, value)) / 255 * (stops.length - 1);
  const below = Math.min(stops.length - 2, Math.floor(place));
  const mixed = [0, 1, 2].map((channel) =>
    Math.round(stops[below][channel] + (place - below) * (stops[below + 1][channel] - stops[below][channel]))
  );
  return [mixed[0], mixed[1], mixed[2]];
}

/** All examples, with the key to their colours. */
export function saliencyPictures(examples: readonly SaliencyExample[]): Markup {
  const key = Uint8Array.from({ length: 256 }, (_, i) => i);
  return html`
    <p
      class="key">rarely looked at <img src="${pngUrl(
        key,
        [1, 256],
        true,
      )}" alt="Colours from dark violet over teal to bright yellow"> often looked at</p>${examples.map((
        example,
        i,
      ) => pictureRow(example, i + 1))}
  `;
}

function pictureRow({ picture, pictureSize, size, maps }: SaliencyExample, number: number): Markup {
  const aspect = `${pictureSize[1]} / ${pictureSize[0]}`;
  const shown = (title: string, values: string, valuesSize: readonly [number, number], isColoured: boolean) =>
    html`<figure>${imageOf(`${title}, example ${number}`, values, valuesSize, { isColoured, aspect })}
    <figcaption>${title}</figcaption></figure>`;
  return html`<div class="pictures" role="group" aria-label="Example ${number}">${
    shown("Picture", picture, pictureSize, false)
  }${maps.map(({ title, values }) => shown(title, values, size, true))}</div>`;
}

interface ImageOptions {
  isColoured: boolean;
  aspect: string;
}

/** A picture whose bytes do not fit its size is named instead of shown. */
function imageOf(
  alt: string,
  values: string,
  size: readonly [number, number],
  { isColoured, aspect }: ImageOptions,
): Markup {
  const bytes = decoded(values);
  if (bytes?.length !== size[0] * size[1] || bytes.length === 0) {
    return html`<div class="missing" style="aspect-ratio: ${aspect}">no picture</div>`;
  }
  return html`<img src="${pngUrl(bytes, size, isColoured)}" alt="${alt}" style="aspect-ratio: ${aspect}">`;
}

function decoded(base64: string): Uint8Array | null {
  try {
    return Uint8Array.fromBase64(base64);
  } catch {
    return null;
  }
}

function pngUrl(values: Uint8Array, [height, width]: readonly [number, number], isColoured: boolean): string {
  const data = isColoured ? Uint8Array.from([...values].flatMap(colourOf)) : values;
  const png = encode({ width, height, data, channels: isColoured ? 3 : 1, depth: 8 });
  return `data:image/png;base64,${new Uint8Array(png).toBase64()}`;
}
