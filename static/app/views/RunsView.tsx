import type { RunSummary } from "../../../routes/api.ts";
import { formatAge, formatCount, formatNumber, formatShare } from "../format.ts";
import { useJson } from "../hooks.ts";
import { href } from "../router.ts";
import { Facts, Note, Progress, StatePill } from "./Parts.tsx";

/** All runs of the folder, newest first. */
export function RunsView() {
  const { data, problem } = useJson<RunSummary[]>("/api/runs", 3);
  document.title = "Runs · Sonospeech";
  return (
    <section>
      <h1>Runs</h1>
      {problem && <Note kind="warning">{problem}</Note>}
      {data?.length === 0 && (
        <Note kind="quiet">
          There are no runs yet. They appear here as soon as training starts.
        </Note>
      )}
      <ul class="runs">
        {data?.map((run) => (
          <li key={run.name}>
            <RunCard run={run} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function RunCard({ run }: { run: RunSummary }) {
  const facts: [string, string][] = [
    ["Loss", formatNumber(run.totalLoss)],
    ["R@1", formatShare(run.recallAt1)],
    ["Last event", run.lastEventSeconds === null ? "–" : formatAge(run.lastEventSeconds)],
  ];
  return (
    <a class="panel run-card" href={href(run.name)}>
      <div class="row spread">
        <h2>{run.name}</h2>
        <StatePill state={run.state} />
      </div>
      <Progress done={run.step} total={run.totalSteps} />
      <p class="muted">
        Step {formatCount(run.step)}
        {run.totalSteps !== null && ` of ${formatCount(run.totalSteps)}`} · {run.preset} preset
      </p>
      <Facts facts={facts} />
    </a>
  );
}
