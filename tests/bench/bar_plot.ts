/**
 * Bars on a logarithmic scale, as SVG.
 *
 * @module
 */

/** One bar. */
export interface Bar {
  label: string;
  /** Above 0. */
  value: number;
}

/** Bars that share a scale. */
export interface BarGroup {
  title: string;
  unit: string;
  bars: readonly Bar[];
}

const [width, labelWidth, valueWidth] = [760, 220, 90];
const [lineHeight, titleHeight, groupGap, margin] = [20, 26, 14, 16];

/**
 * Groups of horizontal bars, one below the other; every group has its own logarithmic scale, whose ticks are powers of
 * ten. Colours are readable on white and on black.
 *
 * @throws RangeError when a value is not above 0.
 */
export function barPlot(title: string, groups: readonly BarGroup[]): string {
  const drawn = groups.filter(({ bars }) => bars.length > 0);
  let top = margin + titleHeight;
  const parts = drawn.map((group) => {
    const part = groupMarkup(group, top);
    top += titleHeight + group.bars.length * lineHeight + lineHeight + groupGap;
    return part;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top}" width="${width}" height="${top}" role="img">
<title>${escaped(title)}</title>
<style>text{font:12px sans-serif;fill:#777}.head{font-weight:bold}.bar{fill:#3a7bd5}.tick{stroke:#999;stroke-opacity:.4}</style>
<text class="head" x="${margin}" y="${margin + 12}">${escaped(title)}</text>
${parts.join("\n")}
</svg>
`;
}

function groupMarkup({ title, unit, bars }: BarGroup, top: number): string {
  const [low, high] = decades(bars.map(({ value }) => value));
  const plotWidth = width - labelWidth - valueWidth;
  const place = (value: number) => labelWidth + (plotWidth * (Math.log10(value) - low)) / (high - low);
  const first = top + titleHeight;
  const bottom = first + bars.length * lineHeight;
  const ticks = Array.from({ length: high - low + 1 }, (_, i) => {
    const x = place(10 ** (low + i)).toFixed(1);
    return `<line class="tick" x1="${x}" x2="${x}" y1="${first}" y2="${bottom}"/>` +
      `<text x="${x}" y="${bottom + 14}" text-anchor="middle">${
        Number((10 ** (low + i)).toPrecision(1))
      }</text>`;
  });
  const lines = bars.map(({ label, value }, i) => {
    const y = first + i * lineHeight;
    const end = place(value);
    return `<text x="${labelWidth - 8}" y="${y + 14}" text-anchor="end">${escaped(label)}</text>` +
      `<rect class="bar" x="${labelWidth}" y="${y + 3}" width="${(end - labelWidth).toFixed(1)}" height="${
        lineHeight - 6
      }"/>` +
      `<text x="${(end + 6).toFixed(1)}" y="${y + 14}">${Number(value.toPrecision(3))} ${
        escaped(unit)
      }</text>`;
  });
  return [
    `<text class="head" x="${margin}" y="${top + 12}">${escaped(`${title} (${unit}, logarithmic)`)}</text>`,
    ...ticks,
    ...lines,
  ].join("\n");
}

/** Powers of ten around the values, one of them below the smallest, so that no bar vanishes. */
function decades(values: readonly number[]): [number, number] {
  if (!values.every((value) => value > 0 && Number.isFinite(value))) {
    throw new RangeError(`Cannot plot bars: values must be above 0, received ${values.join(", ")}`);
  }
  const low = Math.ceil(Math.log10(Math.min(...values))) - 1;
  return [low, Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))))];
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
