/**
 * Pages for looking at pictures: one file without scripts that loads nothing.
 *
 * @module
 */

import { encode } from "fast-png";

/** Height of a thumbnail, pixels. */
export const thumbnailHeight = 96;

const style = `
:root { color-scheme: light dark; font: 15px/1.4 system-ui, sans-serif; }
body { margin: 1rem auto; max-width: 64rem; padding: 0 1rem; }
article { border-top: 1px solid #8884; padding: .6rem 0; }
h2 { font-size: 1rem; margin: 0 0 .3rem; }
h2 span { font-weight: normal; opacity: .7; }
.row { display: flex; flex-wrap: wrap; gap: .5rem; align-items: end; }
figure { margin: 0; }
figcaption { font-size: .75rem; opacity: .7; }
img, svg { display: block; height: ${thumbnailHeight}px; max-width: 100%; }
svg { fill: none; stroke: currentColor; }
svg .kept { fill: #4a90d9; fill-opacity: .5; }
svg .sector { stroke: #e08a00; stroke-dasharray: 6 4; }
.over { display: grid; }
.over > * { grid-area: 1 / 1; height: auto; width: 100%; }
.large { display: grid; gap: .6rem; grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); }
ul { margin: .3rem 0; padding-left: 1.2rem; font-size: .85rem; }
.warning { color: #c0392b; font-weight: 600; }
table { border-collapse: collapse; }
td, th { text-align: left; padding: .2rem .8rem .2rem 0; vertical-align: top; }
`;

/** A page. @param body Markup, its texts escaped. */
export function sheetPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<h1>${title}</h1>
${body}
</body>
</html>
`;
}

/** Grey levels, [H, W], as an image that lies in the page. */
export function greyImage(data: Uint8Array, height: number, width: number): string {
  const png = encode({ width, height, channels: 1, data });
  return `<img alt="" src="data:image/png;base64,${new Uint8Array(png).toBase64()}">`;
}

/** A text as markup. */
export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
