import type { EvaluationWire, SeriesWire } from "../../../routes/wire/runs.ts";
import type { Line } from "../charts/chart_data.ts";
import type { Clock } from "../charts/chart_view.ts";
import { LineChart, percent } from "../charts/LineChart.tsx";
import { csvPath } from "./TrainingView.tsx";

const directions = [["videoToSpeech", "Video → speech"], ["speechToVideo", "Speech → video"]] as const;

/** The metrics of retrieval that runs are compared by. */
export const retrievalCharts = directions.flatMap(([key, title]) => [
  { title: `${title}: R@5`, metric: `retrieval.${key}.recallAt5`, isShare: true },
  { title: `${title}: median rank`, metric: `retrieval.${key}.medianRank`, isShare: false },
]);

/** The split that stands for a run: validation; test only if there is no other. */
export function evaluationSplit(evaluations: readonly EvaluationWire[]): string | null {
  if (evaluations.length === 0) return null;
  return evaluations.some(({ split }) => split === "validation") ? "validation" : "test";
}

/** A metric over the evaluations of the split that stands for the run. */
export function evaluationSeries(
  evaluations: readonly EvaluationWire[],
  name: string,
): { series: SeriesWire; chance: number | null; interval: Line["interval"] } {
  const split = evaluationSplit(evaluations);
  const shown = evaluations.filter((evaluation) => evaluation.split === split);
  return {
    series: {
      steps: shown.map((e) => e.step),
      values: shown.map((e) => e.metrics[name] ?? null),
      seconds: shown.map((e) => e.timeSeconds ?? NaN),
      gaps: [],
      rhythm: 0,
    },
    chance: shown.at(-1)?.chance[name] ?? null,
    interval: shown.some((e) => e.intervals[name])
      ? {
        low: shown.map((e) => e.intervals[name]?.[0] ?? null),
        high: shown.map((e) => e.intervals[name]?.[1] ?? null),
      }
      : undefined,
  };
}

/** Retrieval over the evaluations on subjects that were held out. */
export function RetrievalCharts(
  { run, evaluations, clock }: { run: string; evaluations: EvaluationWire[]; clock: Clock },
) {
  const split = evaluationSplit(evaluations) ?? "";
  const line = (name: string, label: string, colour: number): Line => ({
    label,
    colour,
    clock,
    ...evaluationSeries(evaluations, name),
  });
  return (
    <>
      {directions.map(([key, title]) => (
        <LineChart
          key={key}
          title={title}
          note={split}
          style={percent}
          from={0}
          points
          csv={csvPath(run, [1, 5, 10].map((k) => `retrieval.${key}.recallAt${k}`))}
          lines={[1, 5, 10].map((k, i) => line(`retrieval.${key}.recallAt${k}`, `R@${k}`, i + 1))}
        />
      ))}
      <LineChart
        title="Median rank"
        note={split}
        from={0}
        points
        csv={csvPath(run, directions.map(([key]) => `retrieval.${key}.medianRank`))}
        lines={directions.map(([key, title], i) => line(`retrieval.${key}.medianRank`, title, i + 1))}
      />
    </>
  );
}
