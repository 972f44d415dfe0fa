import type { EvaluationWire } from "../../../routes/api.ts";
import type { Line } from "../charts/chart_data.ts";
import { LineChart, percent } from "../charts/LineChart.tsx";

const directions = [["videoToSpeech", "Video → speech"], ["speechToVideo", "Speech → video"]] as const;

/** Retrieval over the evaluations on subjects that were held out; those of the test split only if there are no others. */
export function RetrievalCharts({ evaluations }: { evaluations: EvaluationWire[] }) {
  const split = evaluations.find((evaluation) => evaluation.split === "validation")?.split ?? "test";
  const shown = evaluations.filter((evaluation) => evaluation.split === split);
  const line = (name: string, label: string, colour: number): Line => ({
    label,
    colour,
    series: { steps: shown.map((e) => e.step), values: shown.map((e) => e.metrics[name] ?? null) },
    chance: shown.at(-1)?.chance[name],
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
          lines={[1, 5, 10].map((k, i) => line(`retrieval.${key}.recallAt${k}`, `R@${k}`, i + 1))}
        />
      ))}
      <LineChart
        title="Median rank"
        note={split}
        from={0}
        points
        lines={directions.map(([key, title], i) => line(`retrieval.${key}.medianRank`, title, i + 1))}
      />
    </>
  );
}
