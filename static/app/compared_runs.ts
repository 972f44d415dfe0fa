/**
 * Several runs at once, for charts on the same axes.
 *
 * @module
 */

import { useEffect, useState } from "preact/hooks";
import type { EvaluationWire, RunDetail } from "../../routes/wire/runs.ts";
import type { ChartView, Clock } from "./charts/chart_view.ts";
import { stepsWithin } from "./charts/chart_view.ts";
import { api, getJson } from "./client.ts";
import { MetricSeries } from "./metric_series.ts";

const askEverySeconds = 5;

/** One of the runs; `place` is its place among them, which gives it colour and dashes. */
export interface ComparedRun {
  name: string;
  place: number;
  detail: RunDetail;
  series: MetricSeries;
  evaluations: EvaluationWire[];
  clock: Clock;
}

/** What is known of the runs, and why some cannot be shown. */
export interface Comparison {
  runs: ComparedRun[];
  problems: string[];
  isLoading: boolean;
}

/** Loads runs by name, again while one of them trains or the charts show another stretch. */
export function useComparedRuns(names: readonly string[], view: ChartView): Comparison {
  const [comparison, setComparison] = useState<Comparison>({ runs: [], problems: [], isLoading: true });
  const key = JSON.stringify([names, view.range, view.x]);
  useEffect(() => {
    const ending = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      const found = await Promise.allSettled(
        names.map((name, place) => loadRun({ name, place }, view, ending.signal)),
      );
      if (ending.signal.aborted) return;
      const runs = found.flatMap((one) => one.status === "fulfilled" ? [one.value] : []);
      const problems = found.flatMap((one, i) =>
        one.status === "rejected"
          ? [`${names[i]}: ${one.reason instanceof Error ? one.reason.message : one.reason}`]
          : []
      );
      setComparison({ runs, problems, isLoading: false });
      const isLive = runs.some(({ detail }) => detail.state === "running" || detail.state === "new");
      if (isLive || problems.length > 0) timer = setTimeout(ask, askEverySeconds * 1000);
    };
    // A zoom that goes on asks only where it ends.
    timer = setTimeout(ask, 150);
    return () => {
      ending.abort();
      clearTimeout(timer);
    };
  }, [key]);
  return comparison;
}

async function loadRun(
  { name, place }: { name: string; place: number },
  view: ChartView,
  signal: AbortSignal,
): Promise<ComparedRun> {
  const address = api.runs[":run"];
  const param = { run: name };
  const [detail, answer, evaluations] = await Promise.all([
    getJson(address, { param }, signal),
    getJson(address.series, { param }, signal),
    getJson(address.evaluations, { param }, signal),
  ]);
  const series = new MetricSeries(answer.series);
  const clock = {
    stepsPerEpoch: detail.started?.stepsPerEpoch ?? null,
    startSeconds: detail.firstEventSeconds,
  };
  if (view.range && series.isThinned) {
    const range = stepsWithin(view.range, view.x, { series: series.get("loss.total"), clock });
    const query = { from: range[0], to: range[1] };
    const finer = await getJson(address.series, { param, query }, signal);
    series.setDetail({ range, series: new Map(Object.entries(finer.series)) });
  }
  return { name, place, detail, series, evaluations, clock };
}
