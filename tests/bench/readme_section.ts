/**
 * Results inside a Markdown file, between comments that name the device.
 *
 * @module
 */

/** What follows this comment are results. */
const resultsMarker = "<!-- results -->";

function markers(device: string): { begin: string; end: string } {
  return { begin: `<!-- begin ${device} -->`, end: `<!-- end ${device} -->` };
}

/** A device's name as part of a file's name and of a marker. */
export function slugOf(device: string): string {
  return device.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
}

/**
 * Puts a device's section in place of its last one, or, where it has none, first among the results.
 *
 * @param device As {@linkcode slugOf} gives it.
 * @throws RangeError when the document says nowhere where results go, or a section does not end.
 */
export function replaceSection(document: string, device: string, section: string): string {
  const { begin, end } = markers(device);
  const text = `${begin}\n\n${section.trim()}\n\n${end}`;
  const start = document.indexOf(begin);
  if (start >= 0) {
    const stop = document.indexOf(end, start);
    if (stop < 0) throw new RangeError(`Cannot write the results: "${end}" must follow "${begin}"`);
    return document.slice(0, start) + text + document.slice(stop + end.length);
  }
  const place = document.indexOf(resultsMarker);
  if (place < 0) throw new RangeError(`Cannot write the results: the document must hold "${resultsMarker}"`);
  const after = place + resultsMarker.length;
  return `${document.slice(0, after)}\n\n${text}${document.slice(after)}`;
}
