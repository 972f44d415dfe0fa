import type { LabelCurveWire } from "../../../routes/wire/results.ts";
import { formatShare } from "../format.ts";
import { type LabelPlot, type LabelPlots, labelPlots, type Place } from "../label_curves.ts";

/** F1 of frozen features over the share of labelled subjects, a panel for each row with the others behind it. */
export function LabelCurves({ curves }: { curves: LabelCurveWire[] }) {
  if (curves.length === 0) return null;
  const all = labelPlots(curves);
  const most = curves.flatMap(({ points }) => points).reduce((a, b) => b.subjects > a.subjects ? b : a);
  return (
    <>
      <h2 class="section">Label efficiency</h2>
      <p class="small">
        Macro F1 of linear probes on frozen features over the share of the labelled subjects;{" "}
        {formatShare(most.share)} are {Math.round(most.subjects)}{" "}
        {Math.round(most.subjects) === 1 ? "subject" : "subjects"}. The band is the 95 % interval, faint lines
        are the other rows, the dashed line is chance.
      </p>
      <div class="charts">
        {all.plots.map((plot, i) => (
          <figure key={plot.title} class="panel label-curve">
            <figcaption>{plot.title}</figcaption>
            <Plot all={all} plot={plot} words={wordsOf(curves[i])} />
          </figure>
        ))}
      </div>
    </>
  );
}

function Plot({ all, plot, words }: { all: LabelPlots; plot: LabelPlot; words: string }) {
  const { size: [height, width], xTicks, yTicks, plots } = all;
  const [first, last] = [xTicks[0].x, xTicks.at(-1)!.x];
  return (
    <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label={words}>
      {yTicks.map(({ y, f1 }) => (
        <g key={f1}>
          <line class="grid" x1={first} x2={last} y1={y} y2={y} />
          <text x={36} y={y + 4} text-anchor="end">{formatShare(f1)}</text>
        </g>
      ))}
      {xTicks.map(({ x, share }) => (
        <text key={share} x={x} y={height - 6} text-anchor="middle">{formatShare(share)}</text>
      ))}
      {plots.map((other) =>
        other !== plot && <polyline key={other.title} class="faint" points={pointsOf(other.line)} />
      )}
      {plot.band.length > 0 && <polygon class="band" points={pointsOf(plot.band)} />}
      {plot.chanceY !== null && (
        <line class="chance" x1={first} x2={last} y1={plot.chanceY} y2={plot.chanceY} />
      )}
      <polyline class="curve" points={pointsOf(plot.line)} />
      {plot.line.map(([x, y]) => <circle key={x} cx={x} cy={y} r="3.2" />)}
    </svg>
  );
}

function pointsOf(places: readonly Place[]): string {
  return places.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
}

function wordsOf({ title, points, chance }: LabelCurveWire): string {
  const told = points.map(({ share, f1, interval }) =>
    `F1 ${formatShare(f1)}${
      interval ? ` (${formatShare(interval[0])} to ${formatShare(interval[1])})` : ""
    } with ${formatShare(share)} of the subjects`
  );
  return `${title}: ${told.join("; ")}. Chance is ${formatShare(chance)}.`;
}
