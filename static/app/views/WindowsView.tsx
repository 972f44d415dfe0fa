import type { DatasetWire, WindowsPage, WindowWire } from "../../../routes/wire/datasets.ts";
import { api } from "../client.ts";
import { useJson } from "../hooks.ts";
import type { LiveRun } from "../live_run.ts";
import { markProblem, useMarks } from "../marks.ts";
import { goTo, href, route } from "../router.ts";
import { MarksLink } from "./MarkButtons.tsx";
import { Choice, Note, Pager } from "./Parts.tsx";
import { WindowCard } from "./WindowCard.tsx";
import { WindowDetail } from "./WindowDetail.tsx";

const pageSize = 12;

/** The windows of the run's dataset, page by page, or one of them. */
export function WindowsView({ run }: { run: LiveRun }) {
  const { rest } = route.value;
  useMarks(run.name);
  const dataset = useJson(api.runs[":run"].dataset, { param: { run: run.name } });
  if (dataset.problem) return <Note kind="warning">{dataset.problem}</Note>;
  if (!dataset.data) return <Note kind="quiet">Loading…</Note>;
  return (
    <>
      {markProblem.value && <Note kind="warning">{markProblem.value}</Note>}
      {rest === ""
        ? <WindowList run={run.name} dataset={dataset.data} />
        : <WindowDetail key={rest} run={run.name} id={rest} dataset={dataset.data} />}
    </>
  );
}

function WindowList({ run, dataset }: { run: string; dataset: DatasetWire }) {
  const { query } = route.value;
  const [split, scan] = [query.get("split") ?? "", query.get("scan") ?? ""];
  const offset = Math.max(0, Number(query.get("offset")) || 0);
  const show = (changes: Record<string, string>) =>
    goTo(href(run, "windows", "", { split, scan, offset: "", ...changes }));
  const { data, problem } = useJson(api.runs[":run"].dataset.windows, {
    param: { run },
    query: { split: split || undefined, scan: scan || undefined, offset, limit: pageSize },
  });
  const splits = [...new Set(dataset.scans.map((s) => s.split))];
  const scans = dataset.scans.filter((s) => split === "" || s.split === split);
  return (
    <section>
      <div class="row filters">
        <Choice
          label="Split"
          value={split}
          onChange={(value) => show({ split: value, scan: "" })}
          options={[["", "all"], ...splits.map((name): [string, string] => [name, name])]}
        />
        <Choice
          label="Scan"
          value={scan}
          onChange={(value) => show({ scan: value })}
          options={[["", "all"], ...scans.map((s): [string, string] => [s.id, s.id])]}
        />
        <MarksLink run={run} />
        {data && <Pager {...pageOf(data)} onTurn={(to) => show({ offset: String(to) })} />}
      </div>
      {problem && <Note kind="warning">{problem}</Note>}
      <ul class="windows">
        {data?.windows.map((window: WindowWire) => (
          <li key={window.id}>
            <WindowCard run={run} window={window} dataset={dataset} />
          </li>
        ))}
      </ul>
      {data && data.total > pageSize && (
        <div class="row end">
          <Pager {...pageOf(data)} onTurn={(to) => show({ offset: String(to) })} />
        </div>
      )}
    </section>
  );
}

function pageOf({ total, offset, windows }: WindowsPage) {
  return { total, offset, shown: windows.length, pageSize };
}
