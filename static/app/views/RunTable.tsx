import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { MetricStats, RunAnnotation, RunSummary, StepValue } from "../../../routes/wire/runs.ts";
import { api, send, session } from "../client.ts";
import { formatAge, formatCount, formatDuration, formatMetric } from "../format.ts";
import { href, route, setQuery } from "../router.ts";
import { bestOf, durationOf, isBetterHigher, type RunFilter, type SortKey } from "../run_list.ts";
import { Progress, StatePill } from "./Parts.tsx";

interface RunTableProps {
  runs: RunSummary[];
  filter: RunFilter;
  /** Names of the runs that will be compared. */
  chosen: string[];
  onEdit: (name: string) => void;
  /** Called after something was changed. */
  onChange: () => void;
}

/** Runs in rows; on a narrow page each becomes a card. */
export function RunTable({ runs, filter, chosen, onEdit, onChange }: RunTableProps) {
  const hasBest = isBetterHigher(filter.metric) !== null;
  return (
    <div class="panel scroll cards run-table" tabIndex={0} role="region" aria-label="Runs">
      <table>
        <thead>
          <tr>
            <th scope="col">
              <span class="visually-hidden">Compare and pin</span>
            </th>
            <Heading filter={filter} by="name">Run</Heading>
            <Heading filter={filter} by="state">State</Heading>
            <Heading filter={filter} by="last">Last</Heading>
            {hasBest && <Heading filter={filter} by="best">Best</Heading>}
            <Heading filter={filter} by="min">Min</Heading>
            <Heading filter={filter} by="max">Max</Heading>
            <Heading filter={filter} by="duration">Duration</Heading>
            <Heading filter={filter} by="data">Data</Heading>
            <Heading filter={filter} by="seed">Seed</Heading>
            <Heading filter={filter} by="device">Device</Heading>
            <th scope="col">
              <span class="visually-hidden">Edit</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <RunRow
              key={run.name}
              run={run}
              metric={filter.metric}
              hasBest={hasBest}
              chosen={chosen}
              onEdit={onEdit}
              onChange={onChange}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Heading({ filter, by, children }: { filter: RunFilter; by: SortKey; children: ComponentChildren }) {
  const isSorted = filter.sort === by;
  const goesDown = isSorted ? !filter.isDescending : false;
  return (
    <th scope="col" aria-sort={!isSorted ? undefined : filter.isDescending ? "descending" : "ascending"}>
      <button
        type="button"
        class="heading"
        onClick={() => setQuery({ sort: by, dir: goesDown ? "down" : "up" })}
      >
        {children}
        <span aria-hidden="true">{!isSorted ? "" : filter.isDescending ? " ↓" : " ↑"}</span>
      </button>
    </th>
  );
}

interface RunRowProps {
  run: RunSummary;
  metric: string;
  hasBest: boolean;
  chosen: string[];
  onEdit: (name: string) => void;
  onChange: () => void;
}

function RunRow({ run, metric, hasBest, chosen, onEdit, onChange }: RunRowProps) {
  const { name, annotation } = run;
  const isChosen = chosen.includes(name);
  const choose = () =>
    setQuery({ runs: isChosen ? chosen.filter((one) => one !== name) : [...chosen, name] });
  return (
    <tr class={annotation.pinned ? "pinned" : ""}>
      <td class="tools">
        <input type="checkbox" checked={isChosen} onChange={choose} aria-label={`Compare ${name}`} />
        <PinButton run={run} onChange={onChange} />
      </td>
      <th scope="row" class="run-name card-title">
        <a class="strong" href={href(name)}>
          <bdi>{name}</bdi>
        </a>
        <RunWords annotation={annotation} />
      </th>
      <td class="text state-cell" data-label="State">
        <StatePill state={run.state} cause={run.pauseCause} />
        <Progress done={run.step} total={run.totalSteps} />
        <span class="muted small">
          {formatCount(run.step)}
          {run.totalSteps !== null && ` of ${formatCount(run.totalSteps)}`}
        </span>
      </td>
      <Value label="Last" metric={metric} value={run.metric?.last}>
        <Chance metric={metric} stats={run.metric} />
      </Value>
      {hasBest && <Value label="Best" metric={metric} value={bestOf(metric, run.metric)} />}
      <Value label="Min" metric={metric} value={run.metric?.min} />
      <Value label="Max" metric={metric} value={run.metric?.max} />
      <td data-label="Duration">
        {durationText(run)}
        <span class="muted small line">
          {run.lastEventSeconds === null ? "" : formatAge(run.lastEventSeconds)}
        </span>
      </td>
      <td data-label="Data">
        {run.datasetId ?? "–"}
        <span class="muted small line">
          {run.trainWindows === null ? "" : `${formatCount(run.trainWindows)} train`}
        </span>
      </td>
      <td data-label="Seed">{run.seed ?? "–"}</td>
      <td class="text" data-label="Device">
        {run.device ?? "–"}
        <span class="muted small line">{run.preset}</span>
      </td>
      <td class="tools">
        {session.value?.mayWrite && (
          <button
            type="button"
            class="quiet"
            onClick={() => onEdit(name)}
            aria-label={`Tags, note and more of ${name}`}
          >
            ⋯
          </button>
        )}
      </td>
    </tr>
  );
}

function durationText(run: RunSummary): string {
  const seconds = durationOf(run);
  return seconds === null ? "–" : formatDuration(seconds);
}

/** A run's tags and the beginning of its note. */
export function RunWords({ annotation: { tags, note } }: { annotation: RunAnnotation }) {
  if (tags.length === 0 && note === "") return null;
  return (
    <span class="run-words">
      {tags.map((tag) => (
        <button
          key={tag}
          type="button"
          class="tag"
          title="Show the runs with this tag"
          onClick={() => setQuery({ tag: route.value.query.get("tag") === tag ? "" : tag })}
        >
          <bdi>{tag}</bdi>
        </button>
      ))}
      {note !== "" && <bdi class="muted small note-line" title={note}>{note}</bdi>}
    </span>
  );
}

function Value(
  { label, metric, value, children }: {
    label: string;
    metric: string;
    value?: StepValue | null;
    children?: ComponentChildren;
  },
) {
  return (
    <td data-label={label}>
      {formatMetric(metric, value?.[1])}
      <span class="muted small line">{value ? `step ${formatCount(value[0])}` : ""}</span>
      {children}
    </td>
  );
}

/** What a metric is where nothing was learned, of whom it is, and how often it was no number. */
function Chance({ metric, stats }: { metric: string; stats: MetricStats | null }) {
  if (!stats) return null;
  return (
    <>
      {stats.chance !== null && (
        <span class="muted small line">chance {formatMetric(metric, stats.chance)}</span>
      )}
      {stats.split !== null && <span class="muted small line">{stats.split}</span>}
      {stats.missing > 0 && <em class="warning small line">× {formatCount(stats.missing)} not finite</em>}
    </>
  );
}

function PinButton({ run, onChange }: { run: RunSummary; onChange: () => void }) {
  const [problem, setProblem] = useState<string | null>(null);
  const { pinned } = run.annotation;
  if (!session.value?.mayWrite) return pinned ? <span aria-label="pinned" role="img">★</span> : null;
  const toggle = async () => {
    try {
      await send(api.runs[":run"].annotation.$patch, {
        param: { run: run.name },
        json: { pinned: !pinned },
      });
      onChange();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <button
      type="button"
      class="quiet pin"
      aria-pressed={pinned}
      aria-label={`Pin ${run.name}`}
      title={problem ?? (pinned ? "Pinned" : "Pin")}
      onClick={toggle}
    >
      {pinned ? "★" : "☆"}
    </button>
  );
}
