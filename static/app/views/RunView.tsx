import { useEffect, useMemo } from "preact/hooks";
import type { RunState } from "../../../routes/api.ts";
import { formatCount, formatDuration, formatNumber } from "../format.ts";
import { type Connection, LiveRun } from "../live_run.ts";
import { href, route, type ViewName } from "../router.ts";
import { DataView } from "./DataView.tsx";
import { MapView } from "./MapView.tsx";
import { Note, Progress, StatePill } from "./Parts.tsx";
import { TrainingView } from "./TrainingView.tsx";
import { WindowsView } from "./WindowsView.tsx";

const tabs: [ViewName, string][] = [
  ["training", "Training"],
  ["map", "Embedding map"],
  ["windows", "Windows"],
  ["data", "Data"],
];

/** One run: where it stands, and its views. */
export function RunView({ name }: { name: string }) {
  const run = useMemo(() => new LiveRun(name), [name]);
  useEffect(() => () => run.close(), [run]);
  const { view } = route.value;
  document.title = `${name} · Sonospeech`;
  return (
    <>
      <RunHeader run={run} />
      <nav class="tabs" aria-label="Views of the run">
        {tabs.map(([key, text]) => (
          <a key={key} href={href(name, key)} aria-current={key === view ? "page" : undefined}>{text}</a>
        ))}
      </nav>
      {run.problem.value !== null && <Note kind="warning">{run.problem.value}</Note>}
      {view === "training" && <TrainingView run={run} />}
      {view === "map" && <MapView run={run} />}
      {view === "windows" && <WindowsView run={run} />}
      {view === "data" && <DataView run={run} />}
    </>
  );
}

function RunHeader({ run }: { run: LiveRun }) {
  const detail = run.detail.value;
  const started = detail?.started;
  const state = run.state.value;
  return (
    <section class="run-header">
      <div class="row spread">
        <h1>{run.name}</h1>
        <div class="row">
          <LiveMark connection={run.connection.value} state={state} />
          <StatePill state={state} />
        </div>
      </div>
      <Progress done={detail?.step ?? 0} total={detail?.totalSteps ?? null} />
      <p class="muted" data-testid="state-line">{stateLine(run)}</p>
      {started && (
        <p class="muted small">
          {detail.preset} preset · {started.device} · {formatCount(started.parameterCount)} parameters ·{" "}
          {formatCount(started.trainWindows)} training windows
        </p>
      )}
      {state === "paused" && detail?.pausedMessage && <Note kind="warning">{detail.pausedMessage}</Note>}
      {state === "interrupted" && (
        <Note kind="warning">
          Training ended without a word. Starting it again with the same run folder goes on from the last
          checkpoint.
        </Note>
      )}
    </section>
  );
}

function stateLine(run: LiveRun): string {
  const detail = run.detail.value;
  if (!detail) return "Loading…";
  if (!detail.started) return "Waiting for the first event.";
  const { totalSteps, totalEpochs, stepsPerEpoch } = detail.started;
  const parts = [
    `Step ${formatCount(detail.step)} of ${formatCount(totalSteps)}`,
    `epoch ${Math.min(totalEpochs, Math.floor(detail.step / stepsPerEpoch) + 1)} of ${totalEpochs}`,
  ];
  const rate = run.series.latest("stepsPerSecond");
  if (run.state.value === "running" && rate !== null && rate > 0) {
    parts.push(
      `${formatNumber(rate)} steps/s`,
      `about ${formatDuration((totalSteps - detail.step) / rate)} left`,
    );
  }
  return parts.join(" · ");
}

function LiveMark({ connection, state }: { connection: Connection; state: RunState }) {
  if (state === "finished" && connection === "live") return null;
  const words = { connecting: "connecting…", live: "live", lost: "reconnecting…" }[connection];
  return <span class={`connection ${connection}`} role="status">{words}</span>;
}
