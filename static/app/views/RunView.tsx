import { useEffect, useMemo } from "preact/hooks";
import type { RunDetail, RunState } from "../../../routes/wire/runs.ts";
import { chartQuery } from "../charts/chart_view.ts";
import { formatCount, formatDuration, formatNumber } from "../format.ts";
import { isJobKnown, job, makerOf, useJob } from "../job.ts";
import { bindKeys } from "../keys.ts";
import { type Connection, LiveRun } from "../live_run.ts";
import type { ViewName } from "../route.ts";
import { goTo, href, route } from "../router.ts";
import { DataView } from "./DataView.tsx";
import { FindView } from "./FindView.tsx";
import { JobLog, MakingView } from "./MakingView.tsx";
import { MapView } from "./MapView.tsx";
import { PaceView } from "./PaceView.tsx";
import { Note, Progress, StatePill } from "./Parts.tsx";
import { PauseNote, RunControls } from "./RunControls.tsx";
import { SettingsView } from "./SettingsView.tsx";
import { TrainingView } from "./TrainingView.tsx";
import { VerdictPanel } from "./VerdictPanel.tsx";
import { WindowsView } from "./WindowsView.tsx";

const tabs: [ViewName, string][] = [
  ["training", "Training"],
  ["map", "Embedding map"],
  ["pace", "Pace"],
  ["windows", "Windows"],
  ["find", "Find"],
  ["data", "Data"],
  ["settings", "Settings"],
];

/** One run, or how it is being made. */
export function RunView({ name }: { name: string }) {
  useJob();
  document.title = `${name} · Sonospeech`;
  if (!isJobKnown.value) return <Note kind="quiet">Loading…</Note>;
  const maker = makerOf(name);
  return maker ? <MakingView job={maker} /> : <RunPage name={name} />;
}

/** Where a run stands, and its views. */
function RunPage({ name }: { name: string }) {
  const run = useMemo(() => new LiveRun(name), [name]);
  useEffect(() => () => run.close(), [run]);
  useEffect(
    () =>
      bindKeys(
        tabs.map(([key, text], i) => ({
          key: String(i + 1),
          does: `goes to ${text}`,
          act: () => goTo(href(name, key)),
        })),
      ),
    [name],
  );
  const { view, query } = route.value;
  useEffect(() => {
    // On a narrow page the tabs scroll.
    document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [view]);
  const last = job.value;
  const hasBegun = run.detail.value?.started !== null;
  return (
    <>
      <RunHeader run={run} />
      <nav class="tabs" aria-label="Views of the run">
        {tabs.map(([key, text]) => (
          <a
            key={key}
            href={href(name, key, "", key === "training" ? chartQuery(query) : {})}
            aria-current={key === view ? "page" : undefined}
          >
            {text}
          </a>
        ))}
      </nav>
      {run.problem.value !== null && <Note kind="warning">{run.problem.value}</Note>}
      {last?.run === name && last.kind === "train" && !hasBegun && <JobLog job={last} />}
      {view === "training" && <VerdictPanel run={run} />}
      {view === "training" && <TrainingView run={run} />}
      {view === "map" && <MapView run={run} />}
      {view === "pace" && <PaceView run={run} />}
      {view === "windows" && <WindowsView run={run} />}
      {view === "find" && <FindView run={run} />}
      {view === "data" && <DataView run={run} />}
      {view === "settings" && <SettingsView run={run} />}
    </>
  );
}

function RunHeader({ run }: { run: LiveRun }) {
  const detail = run.detail.value;
  const started = detail?.started;
  const state = run.state.value;
  return (
    <section class="run-header">
      <p>
        <a class="small" href="#/">All runs</a>
      </p>
      <div class="row spread">
        <h1>
          <bdi>{run.name}</bdi>
        </h1>
        <div class="row">
          <LiveMark connection={run.connection.value} state={state} />
          <StatePill state={state} cause={detail?.pause?.cause} />
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
      {detail && <RunNote run={detail} />}
      {detail?.pause && <PauseNote pause={detail.pause} state={state} />}
      <RunControls run={run} />
    </section>
  );
}

/** The run's tags and note; in the list they can be changed. */
function RunNote({ run: { annotation: { tags, note } } }: { run: RunDetail }) {
  if (tags.length === 0 && note === "") return null;
  return (
    <div class="row tight">
      {tags.map((tag) => <bdi key={tag} class="tag">{tag}</bdi>)}
      {note !== "" && (
        <p class="small note-text">
          <bdi>{note}</bdi>
        </p>
      )}
    </div>
  );
}

function stateLine(run: LiveRun): string {
  const detail = run.detail.value;
  if (!detail) return "Loading…";
  if (!detail.started) return detail.pause ? "No step was made." : "Starting: no step was made yet.";
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
  // A run that stands still is not called live.
  if (state !== "running" && connection === "live") return null;
  const words = { connecting: "connecting…", live: "live", lost: "reconnecting…" }[connection];
  return <span class={`connection ${connection}`} role="status">{words}</span>;
}
