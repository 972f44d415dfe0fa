import { useEffect } from "preact/hooks";
import type { StartedWire } from "../../../routes/wire/runs.ts";
import type { Line } from "../charts/chart_data.ts";
import { chartViewOf, stepsWithin } from "../charts/chart_view.ts";
import { ChartControls } from "../charts/ChartControls.tsx";
import { LineChart, percent } from "../charts/LineChart.tsx";
import { addressOf, api } from "../client.ts";
import type { LiveRun } from "../live_run.ts";
import { route } from "../router.ts";
import { chartSections, chartsOf, type MetricChart } from "./metric_charts.ts";
import { Note } from "./Parts.tsx";
import { RetrievalCharts } from "./RetrievalCharts.tsx";

/** The run's metrics over its steps. */
export function TrainingView({ run }: { run: LiveRun }) {
  useDetail(run);
  const evaluations = run.evaluations.value;
  const evaluated = new Set(evaluations.flatMap(({ metrics }) => Object.keys(metrics)));
  const charts = chartsOf(run.series.names(), evaluated);
  if (charts.length === 0 && evaluations.length === 0) {
    return <Note kind="quiet">Charts appear with the first step.</Note>;
  }
  return (
    <section>
      <ChartControls />
      {chartSections.map((section) => {
        const own = charts.filter((chart) => chart.section === section);
        const hasRetrieval = section === "What is learned" && evaluations.length > 0;
        if (own.length === 0 && !hasRetrieval) return null;
        return (
          <div key={section}>
            <h2 class="section">{section}</h2>
            <div class="charts">
              {hasRetrieval && <RetrievalCharts run={run.name} evaluations={evaluations} clock={run.clock} />}
              {own.map((chart) => <RunChart key={chart.title} run={run} chart={chart} />)}
            </div>
          </div>
        );
      })}
    </section>
  );
}

function RunChart({ run, chart }: { run: LiveRun; chart: MetricChart }) {
  const started = run.detail.value?.started;
  const lines = chart.metrics.map(([name, label], i): Line => ({
    label,
    series: run.series.get(name),
    colour: i + 1,
    smooth: chart.smooth,
    chance: referenceOf(name, started),
    chanceLabel: chart.chanceLabel,
    clock: run.clock,
  }));
  const shown = lines.filter((line) => line.series.steps.length > 0);
  return (
    <LineChart
      title={chart.title}
      note={chart.note}
      lines={shown.length > 0 ? shown : lines.slice(0, 1)}
      style={chart.isShare ? percent : undefined}
      from={chart.from}
      csv={csvPath(run.name, chart.metrics.map(([name]) => name))}
    />
  );
}

/** Where all values of metrics are, as CSV. */
export function csvPath(run: string, names: readonly string[]): string {
  return addressOf(api.runs[":run"]["series.csv"], { param: { run }, query: { name: [...names] } });
}

/** What a metric is when nothing was learned, or its share over all training windows. */
function referenceOf(name: string, started: StartedWire | null | undefined): number | null {
  if (!started) return null;
  if (name === "admittedShare") return started.admittedShare;
  if (name === "voicedShare") return started.voicedShare;
  return Object.hasOwn(started.chance, name) ? started.chance[name] : null;
}

/** Asks for the stretch that the charts show in finer detail. */
function useDetail(run: LiveRun): void {
  const view = chartViewOf(route.value.query);
  const series = run.series.get("loss.total");
  useEffect(() => {
    run.zoomTo(view.range && stepsWithin(view.range, view.x, { series, clock: run.clock }));
  }, [String(view.range), view.x, series.steps.length === 0]);
}
