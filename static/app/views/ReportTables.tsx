import type {
  ComparisonTextsWire,
  FigureTextsWire,
  MetricTextsWire,
  ReportDetailWire,
} from "../../../routes/wire/results.ts";

const directions = {
  higher: ["↑", "higher is better"],
  lower: ["↓", "lower is better"],
  chance: ["→", "should stay at chance"],
} as const;

/** Metrics down, rows of the comparison across. */
export function MetricsTable({ report: { columns, metrics } }: { report: ReportDetailWire }) {
  if (metrics.length === 0) return null;
  return (
    <>
      <h2 class="section">Results</h2>
      <p class="small">
        The score of all test items ± the standard deviation of single runs, with the 95 % interval over
        subjects beneath. ★ stands where a row was found better than the next best and than all it was
        compared with.
      </p>
      <div class="panel scroll" tabIndex={0} role="region" aria-label="Results by metric and row">
        <table class="figures">
          <thead>
            <tr>
              <th scope="col">Metric</th>
              <th scope="col">Chance</th>
              {columns.map(({ title, isControl }) => (
                <th key={title} scope="col">
                  {title}
                  {isControl && <small>control, must fail</small>}
                </th>
              ))}
            </tr>
          </thead>
          {[...Map.groupBy(metrics, ({ group }) => group)].map(([group, own]) => (
            <tbody key={group}>
              <tr class="group">
                <th scope="rowgroup" colSpan={columns.length + 2}>{group}</th>
              </tr>
              {own.map((metric) => <MetricRow key={metric.title} metric={metric} />)}
            </tbody>
          ))}
        </table>
      </div>
    </>
  );
}

function MetricRow(
  { metric: { title, definition, unit, better, chance, cells } }: { metric: MetricTextsWire },
) {
  const [arrow, words] = directions[better];
  return (
    <tr>
      <th scope="row" title={definition}>
        {title}
        {unit && ` (${unit})`} <span aria-hidden="true">{arrow}</span>
        <span class="visually-hidden">{words}</span>
      </th>
      <td>{chance}</td>
      {cells.map((cell, i) => <FigureCell key={i} figure={cell} />)}
    </tr>
  );
}

function FigureCell({ figure }: { figure: FigureTextsWire | null }) {
  if (!figure) return <td class="muted">n/a</td>;
  const { value, deviation, interval, chance, isBest, coversChance } = figure;
  return (
    <td class={isBest ? "differs" : ""}>
      <b>{value}</b> {isBest && (
        <>
          <span aria-hidden="true">★</span>
          <span class="visually-hidden">best</span>
        </>
      )} <span class="muted">{deviation}</span>
      {interval && <small>{interval}</small>}
      {coversChance && <small>covers chance</small>}
      {chance && <small>chance {chance}</small>}
    </td>
  );
}

const signs = { holds: "▲", open: "○", reversed: "▼" } as const;

/** Every ordering that was tested, with its interval and p. */
export function ComparisonsTable({ comparisons }: { comparisons: ComparisonTextsWire[] }) {
  if (comparisons.length === 0) return null;
  return (
    <>
      <h2 class="section">Orderings tested</h2>
      <p class="small">
        Differences are better minus worse, signed so that above 0 the order holds; those of shares are in
        percentage points. Adjusted p is corrected for all comparisons (Holm).
      </p>
      <div class="panel scroll tall" tabIndex={0} role="region" aria-label="Orderings tested">
        <table class="figures">
          <thead>
            <tr>
              {["Ordering", "Metric", "Difference", "p", "Adjusted p", "Smallest possible p", "Verdict"].map(
                (title) => <th key={title} scope="col">{title}</th>,
              )}
            </tr>
          </thead>
          <tbody>
            {comparisons.map((one) => (
              <tr key={`${one.ordering} ${one.metric}`}>
                <th scope="row">{one.ordering}</th>
                <td>{one.metric}</td>
                <td>
                  {one.difference}
                  {one.interval && <small>{one.interval}</small>}
                </td>
                <td>{one.pValue}</td>
                <td>{one.adjustedPValue}</td>
                <td>{one.smallestPValue}</td>
                <td title={one.sentence}>
                  <span aria-hidden="true">{signs[one.verdict]}</span> {one.verdict}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
