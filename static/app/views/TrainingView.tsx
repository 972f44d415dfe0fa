import type { StartedWire, WireMetrics } from "../../../routes/api.ts";
import type { Line } from "../charts/chart_data.ts";
import { LineChart, percent } from "../charts/LineChart.tsx";
import type { LiveRun } from "../live_run.ts";
import type { MetricSeries } from "../metric_series.ts";
import { RetrievalCharts } from "./RetrievalCharts.tsx";

/** Makes the line of a metric. */
type MakeLine = (name: string, label: string, options?: Partial<Line>) => Line;

/** The run's metrics over its steps. */
export function TrainingView({ run }: { run: LiveRun }) {
  const { series } = run;
  const started = run.detail.value?.started;
  const chance: WireMetrics = started?.chance ?? {};
  const line: MakeLine = (name, label, options = {}) => ({
    label,
    series: series.get(name),
    colour: 1,
    chance: chance[name],
    ...options,
  });
  return (
    <>
      <h2 class="section">Losses</h2>
      <div class="charts">
        <LineChart title="Total" lines={[line("loss.total", "total", { smooth: true })]} />
        <LineChart title="Contrastive" lines={[line("loss.contrastive", "loss", { smooth: true })]} />
        <LineChart title="Correlation" lines={[line("loss.correlation", "loss", { smooth: true })]} />
        <LineChart title="Frame order" lines={[line("loss.order", "loss", { smooth: true })]} />
      </div>
      <h2 class="section">What is learned</h2>
      <div class="charts">
        <RetrievalCharts evaluations={run.evaluations.value} />
        <LineChart
          title="Accuracy"
          note="training batches"
          style={percent}
          lines={[
            line("accuracy.correlation", "correlation", { smooth: true }),
            line("accuracy.order", "order", { smooth: true, colour: 2 }),
          ]}
        />
      </div>
      <h2 class="section">Optimization</h2>
      <div class="charts">
        <LineChart title="Learning rate" from={0} lines={[line("learningRate", "rate")]} />
        <LineChart title="Gradient norm" from={0} lines={[line("gradientNorm", "norm", { smooth: true })]} />
        <LineChart title="Temperature" lines={[line("temperature", "temperature")]} />
        <LineChart
          title="Throughput"
          from={0}
          lines={[line("stepsPerSecond", "steps/s", { smooth: true })]}
        />
      </div>
      <h2 class="section">Batches</h2>
      <div class="charts">
        <LineChart
          title="Speech"
          style={percent}
          from={0}
          lines={speechLines(series, started)}
        />
        <LineChart
          title="Waiting for data"
          style={percent}
          from={0}
          lines={[line("dataStallShare", "share of the time", { smooth: true })]}
        />
      </div>
    </>
  );
}

/** The share of admitted and of voiced windows in the batches, beside those of all training windows. */
function speechLines(series: MetricSeries, started: StartedWire | null | undefined): Line[] {
  const admitted = series.get("admittedShare");
  const voiced = series.get("voicedShare");
  const overall = { smooth: true, chanceLabel: "overall" };
  const lines: Line[] = [
    { ...overall, label: "admitted", series: admitted, colour: 1, chance: started?.admittedShare },
  ];
  if (voiced.steps.length > 0) {
    lines.push({ ...overall, label: "voiced", series: voiced, colour: 2, chance: started?.voicedShare });
  } else if (started) {
    const { steps } = admitted;
    lines.push({
      label: "voiced, overall",
      series: { steps, values: steps.map(() => started.voicedShare) },
      colour: 2,
    });
  }
  return lines;
}
