import { learningVerdict } from "../learning_verdict.ts";
import type { LiveRun } from "../live_run.ts";

const signs = { good: "✓", bad: "!", neutral: "…" };

/** What the run's numbers say of its learning, each sentence with its number. */
export function VerdictPanel({ run }: { run: LiveRun }) {
  const detail = run.detail.value;
  if (!detail) return null;
  const { series } = run;
  const findings = learningVerdict({
    state: run.state.value,
    pausedMessage: detail.pause?.message ?? null,
    started: detail.started,
    series: (name) => series.get(name),
    evaluations: run.evaluations.value,
  });
  if (findings.length === 0) return null;
  return (
    <ul class="verdict" aria-label="What the numbers say">
      {findings.map(({ kind, tone, sentence, evidence }) => (
        <li key={kind} class={`panel ${tone}`}>
          <i aria-hidden="true">{signs[tone]}</i>
          <p>
            {sentence} <span class="muted small">{evidence}</span>
          </p>
        </li>
      ))}
    </ul>
  );
}
