import { useEffect, useRef, useState } from "preact/hooks";
import type { RunsAnswer, RunSummary } from "../../../routes/wire/runs.ts";
import { api, session } from "../client.ts";
import { useJson } from "../hooks.ts";
import { bindKeys } from "../keys.ts";
import { route, setQuery } from "../router.ts";
import { listedRuns, type RunFilter, runFilterOf, shownMetric, sortKeys } from "../run_list.ts";
import { Choice, Note } from "./Parts.tsx";
import { RunDialog } from "./RunDialog.tsx";
import { RunTable } from "./RunTable.tsx";

/** The most runs that can be told apart side by side. */
export const mostCompared = 6;

/** All runs of the folder: filtered, sorted, pinned, and chosen to be compared. */
export function RunsView() {
  const { query } = route.value;
  const filter = runFilterOf(query);
  const [known, setKnown] = useState<readonly string[] | null>(null);
  const metric = shownMetric(filter, known);
  const { data, problem, again } = useJson(api.runs, { query: { metric } }, 3);
  if (data && data.metricNames !== known) setKnown(data.metricNames);
  const [edited, setEdited] = useState<string | null>(null);
  const runs = listedRuns(data?.runs ?? [], { ...filter, metric });
  const chosen = query.getAll("runs").filter((name) => data?.runs.some((run) => run.name === name));
  const editedRun = data?.runs.find((run) => run.name === edited);
  document.title = "Runs · Sonospeech";
  return (
    <section>
      <div class="row spread">
        <h1>Runs</h1>
        <div class="row">
          <CompareLink chosen={chosen} />
          <a href="#/results">Results</a>
          {session.value?.mayControl && <a class="button" href="#/start">New run</a>}
        </div>
      </div>
      {problem && <Note kind="warning">{problem}</Note>}
      {data?.runs.length === 0 && (
        <Note kind="quiet">
          There are no runs yet. They appear here as soon as training starts.
        </Note>
      )}
      {data && data.runs.length > 0 && (
        <>
          <RunFilters filter={{ ...filter, metric }} answer={data} shown={runs.length} />
          <RunTable
            runs={runs}
            filter={{ ...filter, metric }}
            chosen={chosen}
            onEdit={setEdited}
            onChange={again}
          />
        </>
      )}
      {editedRun && (
        <RunDialog
          key={editedRun.name}
          run={editedRun}
          onClose={() => setEdited(null)}
          onChange={again}
        />
      )}
    </section>
  );
}

function CompareLink({ chosen }: { chosen: string[] }) {
  if (chosen.length < 2) return <span class="muted small">Choose two or more runs to compare them</span>;
  const runs = chosen.slice(0, mostCompared);
  return (
    <a class="button primary" href={`#/compare?${new URLSearchParams(runs.map((name) => ["runs", name]))}`}>
      Compare {runs.length} runs
    </a>
  );
}

function RunFilters({ filter, answer, shown }: { filter: RunFilter; answer: RunsAnswer; shown: number }) {
  const search = useRef<HTMLInputElement>(null);
  useEffect(
    () => bindKeys([{ key: "/", does: "filters the runs", act: () => search.current?.focus() }]),
    [],
  );
  const tags = [...new Set(answer.runs.flatMap((run) => run.annotation.tags))].sort();
  const names = [...new Set([filter.metric, ...answer.metricNames])].sort();
  const all = (text: string, values: string[]): [string, string][] => [
    ["", text],
    ...values.map((value): [string, string] => [value, value]),
  ];
  return (
    <div class="row filters" role="search">
      <label class="choice">
        <span>Filter</span>
        <input
          ref={search}
          type="search"
          value={filter.words}
          placeholder="name, tag, note…"
          onInput={(event) => setQuery({ q: event.currentTarget.value }, "replace")}
        />
      </label>
      <Choice
        label="State"
        value={filter.state}
        onChange={(state) => setQuery({ state })}
        options={all("all", statesOf(answer.runs))}
      />
      {tags.length > 0 && (
        <Choice
          label="Tag"
          value={filter.tag}
          onChange={(tag) => setQuery({ tag })}
          options={all("all", tags)}
        />
      )}
      <Choice
        label="Metric"
        value={filter.metric}
        onChange={(metric) => setQuery({ metric })}
        options={names.map((name): [string, string] => [name, name])}
      />
      <span class="narrow-only">
        <Choice
          label="Sort by"
          value={filter.sort}
          onChange={(sort) => setQuery({ sort, dir: "" })}
          options={sortKeys.map((key): [string, string] => [key, key])}
        />
      </span>
      <span class="muted small" role="status">{shown} of {answer.runs.length}</span>
    </div>
  );
}

function statesOf(runs: readonly RunSummary[]): string[] {
  return [...new Set(runs.map(({ state }) => state))].sort();
}
