/**
 * Thinning out of long series for charts.
 *
 * @module
 */

/** A metric over a run's steps. */
export interface Series {
  /** Steps, ascending. */
  steps: number[];
  /** Values; `null` where the number was not finite. */
  values: (number | null)[];
  /** When each was recorded, seconds since 1970. */
  seconds: number[];
  /** Places i where something is missing: between the values i − 1 and i nothing was measured, though the rhythm asked. */
  gaps: number[];
  /** Usual steps from one value to the next; 0 while there are fewer than two. */
  rhythm: number;
  /** Of a thinned series: the mean of the stretch that each value stands for. */
  means?: (number | null)[];
}

/** One recorded value: step, value, and when. */
export type MetricRow = readonly [step: number, value: number | null, seconds: number];

/** What is known of a stretch of steps. */
export interface Stretch {
  /** The lowest, the highest and the first value that is not finite, those that there are. */
  rows: MetricRow[];
  /** Mean of the finite values; null without any. */
  mean: number | null;
  /** First and last step with a value. */
  firstStep: number;
  /** See {@linkcode Stretch.firstStep}. */
  lastStep: number;
}

/** A metric's values, wherever they are kept; all ranges are [from, to) in steps. */
export interface MetricRows {
  /** How many values there are, with the first and the last of them. */
  extent(from: number, to: number): { count: number; first: MetricRow; last: MetricRow } | null;
  /** Every value, ascending; at most `limit`. */
  rows(from: number, to: number, limit?: number): MetricRow[];
  /** A stretch at a glance; null without values. */
  stretch(from: number, to: number): Stretch | null;
}

/** How many values tell a metric's rhythm. */
const rhythmValues = 65;

/**
 * A series of at most `maxPoints` points that looks the same in a chart: its first and last point stay, and of
 * each stretch between them the lowest, the highest and one missing value, so that no spike and no NaN is lost.
 *
 * @param rows The values.
 * @param range Steps, both ends included.
 * @param maxPoints All values when left out.
 * @throws RangeError when `maxPoints` is not a whole number of at least 5.
 */
export function downsample(rows: MetricRows, range: [number, number], maxPoints = Infinity): Series {
  if (maxPoints !== Infinity && (!Number.isInteger(maxPoints) || maxPoints < 5)) {
    throw new RangeError(
      `Cannot thin a series: maxPoints must be whole and at least 5, received ${maxPoints}`,
    );
  }
  const [from, to] = [range[0], range[1] + 1];
  const extent = rows.extent(from, to);
  if (!extent) return { steps: [], values: [], seconds: [], gaps: [], rhythm: 0 };
  const rhythm = rhythmOf(rows.rows(0, Infinity, rhythmValues));
  if (extent.count <= maxPoints) return whole(rows.rows(from, to), rhythm);
  return thinned(rows, extent, { rhythm, stretches: Math.floor((maxPoints - 2) / 3) });
}

/** The median distance of neighbours. */
function rhythmOf(rows: readonly MetricRow[]): number {
  const distances = rows.slice(1).map(([step], i) => step - rows[i][0]).sort((a, b) => a - b);
  return distances[Math.floor(distances.length / 2)] ?? 0;
}

function isGap(fromStep: number, toStep: number, rhythm: number): boolean {
  return rhythm > 0 && toStep - fromStep > 1.5 * rhythm;
}

function whole(rows: readonly MetricRow[], rhythm: number): Series {
  return {
    steps: rows.map(([step]) => step),
    values: rows.map(([, value]) => value),
    seconds: rows.map(([, , seconds]) => seconds),
    gaps: rows.flatMap(([step], i) => i > 0 && isGap(rows[i - 1][0], step, rhythm) ? [i] : []),
    rhythm,
  };
}

function thinned(
  source: MetricRows,
  { first, last }: { first: MetricRow; last: MetricRow },
  { rhythm, stretches }: { rhythm: number; stretches: number },
): Series {
  const series: Required<Series> = { steps: [], values: [], seconds: [], gaps: [], rhythm, means: [] };
  const push = ([step, value, seconds]: MetricRow, mean: number | null) => {
    series.steps.push(step);
    series.values.push(value);
    series.seconds.push(seconds);
    series.means.push(mean);
  };
  push(first, first[1]);
  let before = first[0];
  const [begin, span] = [first[0] + 1, last[0] - first[0] - 1];
  const edge = (i: number) => begin + Math.floor((i * span) / stretches);
  for (let i = 0; i < stretches; i++) {
    const stretch = source.stretch(edge(i), edge(i + 1));
    if (!stretch) continue;
    if (isGap(before, stretch.firstStep, rhythm)) series.gaps.push(series.steps.length);
    before = stretch.lastStep;
    for (const row of stretch.rows) push(row, stretch.mean);
  }
  if (isGap(before, last[0], rhythm)) series.gaps.push(series.steps.length);
  push(last, last[1]);
  return series;
}
