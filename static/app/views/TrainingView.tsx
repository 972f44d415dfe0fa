import type { EvaluationWire, WireMetrics } from "../../../routes/api.ts";
import type { Line } from "../charts/chart_data.ts";
import { LineChart } from "../charts/LineChart.tsx";
import { formatShare } from "../format.ts";
import type { LiveRun } from "../live_run.ts";

/** The run's metrics over its steps. */
export function TrainingView({ run }: { run: LiveRun }) {
  const { series } = run;
  const started = run.detail.value?.started;
  const chance: WireMetrics = started?.chance ?? {};
  const line = (name: string, label: string, options: Partial<Line> = {}): Line => ({
    label,
    series: series.get(name),
    colour: 1,
    chance: chance[name],
    ...options,
  });
  const has = (name: string) => series.get(name).steps.length > 0;
  return (
    <>
      <h2 class="section">Losses</h2>
      <div class="charts">
        <LineChart title="Total" lines={[line("loss.total", "total", { smooth: true })]} />
        <LineChart title="Contrastive" lines={[line("loss.contrastive", "loss", { smooth: true })]} />
        <LineChart title="Correlation" lines={[line("loss.correlation", "loss", { smooth: true })]} />
        <LineChart title="Frame order" lines={[line("loss.order", "loss", { smooth: true })]} />
        {has("accuracy.correlation") && (
          <LineChart
            title="Accuracy"
            format={formatShare}
            lines={[
              line("accuracy.correlation", "correlation", { smooth: true }),
              line("accuracy.order", "order", { smooth: true, colour: 2 }),
            ]}
          />
        )}
      </div>
      <RetrievalCharts evaluations={run.evaluations.value} />
      <h2 class="section">Speech in the batches</h2>
      <div class="charts">
        <LineChart
          title="Voiced and admitted share"
          format={formatShare}
          from={0}
          lines={[
            line("admittedShare", "admitted", {
              smooth: true,
              chance: started?.admittedShare,
              chanceLabel: "admitted, all windows",
            }),
            line("voicedShare", "voiced", {
              smooth: true,
              colour: 2,
              chance: started?.voicedShare,
              chanceLabel: "voiced, all windows",
            }),
          ].filter((l, i) => i === 0 || l.series.steps.length > 0)}
        />
        <LineChart title="Temperature" lines={[line("temperature", "temperature")]} />
      </div>
      <h2 class="section">Optimization</h2>
      <div class="charts">
        <LineChart title="Learning rate" from={0} lines={[line("learningRate", "rate")]} />
        <LineChart title="Gradient norm" from={0} lines={[line("gradientNorm", "norm", { smooth: true })]} />
        <LineChart
          title="Throughput"
          from={0}
          lines={[line("stepsPerSecond", "steps per second", { smooth: true })]}
        />
        {has("dataStallShare") && (
          <LineChart
            title="Waiting for data"
            from={0}
            format={formatShare}
            lines={[line("dataStallShare", "share of the time", { smooth: true })]}
          />
        )}
      </div>
    </>
  );
}

const directions = [["videoToSpeech", "Video → speech"], ["speechToVideo", "Speech → video"]] as const;

function RetrievalCharts({ evaluations }: { evaluations: EvaluationWire[] }) {
  const split = evaluations.some((evaluation) => evaluation.split === "validation") ? "validation" : "test";
  const shown = evaluations.filter((evaluation) => evaluation.split === split);
  if (shown.length === 0) return null;
  const line = (name: string, label: string, colour: number): Line => ({
    label,
    colour,
    series: { steps: shown.map((e) => e.step), values: shown.map((e) => e.metrics[name] ?? null) },
    chance: shown.at(-1)?.chance[name],
  });
  return (
    <>
      <h2 class="section">Retrieval on {split} subjects</h2>
      <div class="charts">
        {directions.map(([key, title]) => (
          <LineChart
            key={key}
            title={title}
            format={formatShare}
            from={0}
            points
            lines={[1, 5, 10].map((k, i) => line(`retrieval.${key}.recallAt${k}`, `R@${k}`, i + 1))}
          />
        ))}
        <LineChart
          title="Median rank"
          from={0}
          points
          lines={directions.map(([key, title], i) => line(`retrieval.${key}.medianRank`, title, i + 1))}
        />
      </div>
    </>
  );
}
