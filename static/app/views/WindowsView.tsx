import type { DatasetWire, WindowsPage, WindowWire } from "../../../routes/api.ts";
import { runPath } from "../client.ts";
import { formatCount } from "../format.ts";
import { useJson } from "../hooks.ts";
import type { LiveRun } from "../live_run.ts";
import { goTo, href, route } from "../router.ts";
import { Choice, Note } from "./Parts.tsx";
import { WindowCard } from "./WindowCard.tsx";
import { WindowDetail } from "./WindowDetail.tsx";

const pageSize = 12;

/** The windows of the run's dataset, page by page, or one of them. */
export function WindowsView({ run }: { run: LiveRun }) {
  const { rest } = route.value;
  const dataset = useJson<DatasetWire>(runPath(run.name, "/dataset"));
  if (dataset.problem) return <Note kind="warning">{dataset.problem}</Note>;
  if (!dataset.data) return <Note kind="quiet">Loading…</Note>;
  return rest === ""
    ? <WindowList run={run.name} dataset={dataset.data} />
    : <WindowDetail key={rest} run={run.name} id={rest} dataset={dataset.data} />;
}

function WindowList({ run, dataset }: { run: string; dataset: DatasetWire }) {
  const { query } = route.value;
  const [split, scan] = [query.get("split") ?? "", query.get("scan") ?? ""];
  const offset = Math.max(0, Number(query.get("offset")) || 0);
  const show = (changes: Record<string, string>) =>
    goTo(href(run, "windows", "", { split, scan, offset: "", ...changes }));
  const { data, problem } = useJson<WindowsPage>(
    runPath(run, `/dataset/windows?${filters({ split, scan, offset })}`),
  );
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
        {data && <Pager page={data} onTurn={(to) => show({ offset: String(to) })} />}
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
          <Pager page={data} onTurn={(to) => show({ offset: String(to) })} />
        </div>
      )}
    </section>
  );
}

function filters({ split, scan, offset }: { split: string; scan: string; offset: number }): string {
  const query = new URLSearchParams({ offset: String(offset), limit: String(pageSize) });
  if (split !== "") query.set("split", split);
  if (scan !== "") query.set("scan", scan);
  return query.toString();
}

function Pager({ page, onTurn }: { page: WindowsPage; onTurn: (offset: number) => void }) {
  const { total, offset, windows } = page;
  const place = total === 0
    ? "no windows"
    : `${offset + 1}–${offset + windows.length} of ${formatCount(total)}`;
  return (
    <div class="row pager">
      <button
        type="button"
        aria-label="Previous windows"
        disabled={offset === 0}
        onClick={() => onTurn(Math.max(0, offset - pageSize))}
      >
        ‹
      </button>
      <span>{place}</span>
      <button
        type="button"
        aria-label="Next windows"
        disabled={offset + windows.length >= total}
        onClick={() => onTurn(offset + pageSize)}
      >
        ›
      </button>
    </div>
  );
}
