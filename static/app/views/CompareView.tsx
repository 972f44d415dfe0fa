import type { Line } from "../charts/chart_data.ts";
import { chartViewOf } from "../charts/chart_view.ts";
import { ChartControls } from "../charts/ChartControls.tsx";
import { LineChart, percent, Swatch } from "../charts/LineChart.tsx";
import { addressOf, api } from "../client.ts";
import { type ComparedRun, useComparedRuns } from "../compared_runs.ts";
import { configRows } from "../config_rows.ts";
import { href, route, setQuery } from "../router.ts";
import { chartSections, chartsOf, type MetricChart } from "./metric_charts.ts";
import { Note, StatePill, Toggle } from "./Parts.tsx";
import { evaluationSeries, evaluationSplit, retrievalCharts } from "./RetrievalCharts.tsx";
import { mostCompared } from "./RunsView.tsx";

/** Runs on the same axes, each with a colour, a pattern of dashes and its name; and where their settings differ. */
export function CompareView() {
  const { query } = route.value;
  const names = [...new Set(query.getAll("runs"))].slice(0, mostCompared);
  const { runs, problems, isLoading } = useComparedRuns(names, chartViewOf(query));
  document.title = "Comparison · Sonospeech";
  return (
    <section>
      <div class="row spread">
        <h1>Comparison</h1>
        <a href={`#/?${new URLSearchParams(names.map((name) => ["runs", name]))}`}>Choose other runs</a>
      </div>
      {names.length === 0 && <Note kind="quiet">Choose runs in the list to compare them.</Note>}
      {problems.map((problem) => <Note key={problem} kind="warning">{problem}</Note>)}
      <ul class="compared">
        {runs.map((run) => (
          <li key={run.name} class="row tight">
            <Swatch line={lookOf(run)} />
            <a class="strong" href={href(run.name)}>
              <bdi>{run.name}</bdi>
            </a>
            <StatePill state={run.detail.state} cause={run.detail.pauseCause} />
          </li>
        ))}
      </ul>
      {isLoading && names.length > 0 && <Note kind="quiet">Loading…</Note>}
      {runs.length > 0 && (
        <>
          <ConfigTable runs={runs} showsAll={query.get("settings") === "all"} />
          <h2 class="section">Charts</h2>
          <ChartControls />
          <ComparedCharts runs={runs} />
        </>
      )}
    </section>
  );
}

function lookOf({ place }: ComparedRun): Pick<Line, "colour" | "dash"> {
  return { colour: place + 1, dash: place };
}

function ComparedCharts({ runs }: { runs: ComparedRun[] }) {
  const names = [...new Set(runs.flatMap((run) => run.series.names()))].sort();
  const evaluated = new Set(
    runs.flatMap((run) => run.evaluations.flatMap(({ metrics }) => Object.keys(metrics))),
  );
  const charts = chartsOf(names, evaluated).flatMap(onePerMetric);
  return (
    <>
      {chartSections.map((section) => {
        const own = charts.filter((chart) => chart.section === section);
        const hasRetrieval = section === "What is learned" && evaluated.size > 0;
        if (own.length === 0 && !hasRetrieval) return null;
        return (
          <div key={section}>
            <h3 class="section">{section}</h3>
            <div class="charts">
              {hasRetrieval &&
                retrievalCharts.map((chart) => <ComparedRetrieval key={chart.title} {...{ runs, chart }} />)}
              {own.map((chart) => <ComparedChart key={chart.title} runs={runs} chart={chart} />)}
            </div>
          </div>
        );
      })}
    </>
  );
}

/** A chart of several metrics as one of each: colours tell runs apart here. */
function onePerMetric(chart: MetricChart): MetricChart[] {
  if (chart.metrics.length === 1) return [chart];
  return chart.metrics.map((metric) => ({
    ...chart,
    title: `${chart.title}: ${metric[1]}`,
    metrics: [metric],
  }));
}

function ComparedChart({ runs, chart }: { runs: ComparedRun[]; chart: MetricChart }) {
  const [[name]] = chart.metrics;
  const measured = runs.filter((run) => run.series.get(name).steps.length > 0);
  const lines = measured.map((run, i): Line => {
    const chance = run.detail.started?.chance ?? {};
    return {
      ...lookOf(run),
      label: run.name,
      series: run.series.get(name),
      smooth: chart.smooth,
      // One line of chance is enough, where it is the same for all.
      chance: i === 0 && Object.hasOwn(chance, name) ? chance[name] : null,
      clock: run.clock,
    };
  });
  if (lines.length === 0) return null;
  return (
    <LineChart
      title={chart.title}
      note={chart.note}
      lines={lines}
      style={chart.isShare ? percent : undefined}
      from={chart.from}
      csv={comparedCsvPath(measured, name)}
    />
  );
}

function ComparedRetrieval({ runs, chart }: { runs: ComparedRun[]; chart: typeof retrievalCharts[number] }) {
  const evaluated = runs.filter((run) => run.evaluations.length > 0);
  const lines = evaluated.map((run, i): Line => {
    const own = evaluationSeries(run.evaluations, chart.metric);
    return {
      ...lookOf(run),
      label: run.name,
      series: own.series,
      interval: own.interval,
      chance: i === 0 ? own.chance : null,
      clock: run.clock,
    };
  });
  const splits = new Set(runs.flatMap((run) => evaluationSplit(run.evaluations) ?? []));
  return (
    <LineChart
      title={chart.title}
      note={[...splits].join(", ")}
      lines={lines}
      style={chart.isShare ? percent : undefined}
      from={0}
      points
      csv={comparedCsvPath(evaluated, chart.metric)}
    />
  );
}

/** Where all values of a metric of these runs are, as CSV. */
function comparedCsvPath([first, ...others]: readonly ComparedRun[], metric: string): string {
  const query = { name: [metric], beside: others.map(({ name }) => name) };
  return addressOf(api.runs[":run"]["series.csv"], { param: { run: first.name }, query });
}

function ConfigTable({ runs, showsAll }: { runs: ComparedRun[]; showsAll: boolean }) {
  const rows = configRows(runs.map(({ detail }) => detail.config));
  const differing = rows.filter(({ differs }) => differs);
  const shown = showsAll ? rows : differing;
  return (
    <>
      <div class="row spread">
        <h2 class="section">Settings</h2>
        <Toggle
          label={`Show all ${rows.length}`}
          isOn={showsAll}
          onChange={(isOn) => setQuery({ settings: isOn ? "all" : "" })}
        />
      </div>
      {shown.length === 0
        ? <Note kind="quiet">All settings are the same.</Note>
        : (
          <div class="panel scroll tall" tabIndex={0} role="region" aria-label="Settings">
            <table class="settings">
              <thead>
                <tr>
                  <th scope="col">{showsAll ? "Setting" : "Setting that differs"}</th>
                  {runs.map((run) => (
                    <th key={run.name} scope="col">
                      <Swatch line={lookOf(run)} /> <bdi>{run.name}</bdi>
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {shown.map(({ key, values, differs }) => (
                  <tr key={key} class={differs && showsAll ? "differs" : ""}>
                    <th scope="row">{key}</th>
                    {values.map((value, i) => <td key={i} class="text">{value === "" ? "–" : value}</td>)}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
    </>
  );
}
