import { useState } from "preact/hooks";
import type { EvaluateRequest } from "../../../routes/wire/control.ts";
import type { PauseWire, RunState } from "../../../routes/wire/runs.ts";
import { api, session } from "../client.ts";
import { formatCount } from "../format.ts";
import { control, job, jobOf } from "../job.ts";
import type { LiveRun } from "../live_run.ts";
import { ConfirmDialog } from "./ConfirmDialog.tsx";
import { Choice, Note } from "./Parts.tsx";
import { StopButton } from "./StopButton.tsx";

type Action = "continue" | "evaluate";

/** Stops, continues and evaluates a run; each asks once more. */
export function RunControls({ run }: { run: LiveRun }) {
  const [asked, setAsked] = useState<Action | null>(null);
  if (!session.value?.mayControl) return null;
  const state = run.state.value;
  const own = jobOf(run.name);
  const last = job.value;
  const evaluated = last?.kind === "evaluate" && last.run === run.name && last.state === "ended"
    ? last
    : null;
  const isPaused = state === "paused" || state === "interrupted";
  const hasCheckpoint = state === "finished" || (run.detail.value?.pause?.safeStep ?? 0) > 0;
  const from = encodeURIComponent(run.name);
  return (
    <div class="row" role="group" aria-label="Control of the run">
      {own && <StopButton job={own} />}
      {own && <span class="muted small" role="status">{own.message}</span>}
      {!own && state === "running" && (
        <span class="muted small">Not started from this page: stop it where it was started.</span>
      )}
      {!own && isPaused && (
        <button type="button" class="primary" onClick={() => setAsked("continue")}>Continue…</button>
      )}
      {!own && hasCheckpoint && (isPaused || state === "finished") && (
        <button
          type="button"
          onClick={() => setAsked("evaluate")}
        >
          Evaluate…
        </button>
      )}
      {!own && <a class="button" href={`#/start?from=${from}`}>New run like this</a>}
      {evaluated?.succeeded === false && (
        <Note kind="warning">The evaluation failed: {evaluated.message}</Note>
      )}
      {evaluated?.succeeded && (
        <span class="muted small">
          The evaluation is done: see the <a href="#/results">results</a>.
        </span>
      )}
      {asked && <ControlDialog run={run} action={asked} onClose={() => setAsked(null)} />}
    </div>
  );
}

function ControlDialog({ run, action, onClose }: { run: LiveRun; action: Action; onClose: () => void }) {
  const { name } = run;
  const pause = run.detail.value?.pause;
  if (action === "evaluate") return <EvaluateDialog name={name} onClose={onClose} />;
  return (
    <ConfirmDialog
      title={`Continue ${name}?`}
      action="Continue the run"
      onConfirm={() => control(api.control.continue.$post, { run: name, confirm: name })}
      onClose={onClose}
    >
      <p>
        {pause && pause.safeStep > 0
          ? `Training goes on from its checkpoint at step ${formatCount(pause.safeStep)}.`
          : "The run has no checkpoint yet: training begins anew."}
      </p>
      {pause && <p class="muted small">{pause.remedy}</p>}
    </ConfirmDialog>
  );
}

function EvaluateDialog({ name, onClose }: { name: string; onClose: () => void }) {
  const [split, setSplit] = useState<EvaluateRequest["split"]>("validation");
  const [checkpoint, setCheckpoint] = useState<EvaluateRequest["checkpoint"]>("best");
  return (
    <ConfirmDialog
      title={`Evaluate ${name}?`}
      action="Evaluate the run"
      onConfirm={() => control(api.control.evaluate.$post, { run: name, split, checkpoint, confirm: name })}
      onClose={onClose}
    >
      <div class="row">
        <Choice
          label="Subjects"
          value={split}
          onChange={(value) => setSplit(value as EvaluateRequest["split"])}
          options={[["validation", "validation"], ["test", "test"]]}
        />
        <Choice
          label="Checkpoint"
          value={checkpoint}
          onChange={(value) => setCheckpoint(value as EvaluateRequest["checkpoint"])}
          options={[["best", "best on validation"], ["newest", "newest"]]}
        />
      </div>
      {split === "test" && (
        <p class="muted small">
          Whoever chooses settings by what they score on test subjects has no test subjects left. Use these
          once, at the end.
        </p>
      )}
    </ConfirmDialog>
  );
}

/** Why a run does not go on, where it is safe, and what to do. */
export function PauseNote({ pause, state }: { pause: PauseWire; state: RunState }) {
  if (state !== "paused" && state !== "interrupted") return null;
  return (
    <Note kind="warning">
      <b>Paused: {pause.cause}.</b> {sentence(pause.message)} {pause.safeStep > 0
        ? `Safe at step ${formatCount(pause.safeStep)}.`
        : "There is no checkpoint yet: continuing begins anew."} {pause.remedy}
    </Note>
  );
}

function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}
