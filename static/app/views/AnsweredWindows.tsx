import type {
  AnsweredWindowsPage,
  AnsweredWindowWire,
  ConfusionWire,
  ReportDetailWire,
} from "../../../routes/wire/results.ts";
import { api } from "../client.ts";
import { formatCount, formatPlace } from "../format.ts";
import { useJson } from "../hooks.ts";
import { route, setQuery } from "../router.ts";
import { mediaOfReport, MovingWindow } from "./MovingWindow.tsx";
import { Note, Pager } from "./Parts.tsx";

const pageSize = 12;

interface AnsweredWindowsProps {
  report: ReportDetailWire;
  confusion: ConfusionWire;
  /** Classes by index. */
  truth: number;
  answer: number;
}

/** The windows behind a cell of a matrix, each with its truth and what it was taken for. */
export function AnsweredWindows({ report, confusion, truth, answer }: AnsweredWindowsProps) {
  const { row, title, classes } = confusion;
  const offset = Math.max(0, Math.floor(Number(route.value.query.get("offset")) || 0));
  const { data, problem } = useJson(api.results[":report"].windows, {
    param: { report: report.name },
    query: { row, truth, answer, offset, limit: pageSize },
  });
  return (
    <section class="answered" aria-label="Windows of the chosen cell">
      <div class="row spread filters">
        <h3>
          True <bdi class="tag">{classes[truth]}</bdi>, answered <bdi class="tag">{classes[answer]}</bdi>
        </h3>
        {data && (
          <Pager
            total={data.total}
            offset={data.offset}
            shown={data.windows.length}
            pageSize={pageSize}
            onTurn={(to) => setQuery({ offset: to === 0 ? "" : String(to) })}
          />
        )}
      </div>
      {problem && <Note kind="warning">{problem}</Note>}
      <p class="small" role="status">{data && countText(data, title)}</p>
      {data && !report.dataset && (
        <Note kind="quiet">
          The dataset of these windows is not on this server, so there are no pictures. It belongs into the
          report's folder, or below a folder that serve --data names.
        </Note>
      )}
      <ol class="hits" aria-label="Windows of the chosen cell">
        {data?.windows.map((window) => (
          <li key={window.windowId}>
            <Answered {...{ report, classes, window, truth, answer }} seeds={data.seeds} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function countText({ answers, total, seeds }: AnsweredWindowsPage, title: string): string {
  if (total === 0) return `${title} never answered so.`;
  const windows = `${formatCount(total)} ${total === 1 ? "window" : "windows"}`;
  if (seeds === 1) return `${windows}.`;
  return `${formatCount(answers)} ${
    answers === 1 ? "answer" : "answers"
  } of ${seeds} trainings about ${windows}.`;
}

function Answered(
  { report: { name, dataset }, classes, window, truth, answer, seeds }: {
    report: ReportDetailWire;
    classes: string[];
    window: AnsweredWindowWire;
    truth: number;
    answer: number;
    seeds: number;
  },
) {
  const { windowId, scanId, startSeconds, others } = window;
  const end = dataset ? `–${formatPlace(startSeconds + dataset.windowSeconds)}` : "";
  const place = `${scanId} · ${formatPlace(startSeconds)}${end}`;
  return (
    <article class="panel hit">
      {dataset
        ? (
          <MovingWindow
            media={mediaOfReport(name, windowId)}
            name={`the window at ${formatPlace(startSeconds)} of scan ${scanId}`}
            frameCount={dataset.framesPerWindow}
            frameSize={dataset.frameSize}
          />
        )
        : <span class="muted small">no picture</span>}
      <div>
        <p>{place}</p>
        <p class="small">
          true <bdi class="tag">{classes[truth]}</bdi>
        </p>
        <p class="small">
          answered <bdi class={truth === answer ? "tag validation" : "tag test"}>{classes[answer]}</bdi>
        </p>
        {seeds > 1 && <p class="small muted">by {window.seeds.length} of {seeds} trainings</p>}
        {others.map(({ seed, answer: other }) => (
          <p key={seed} class="small muted">
            seed {seed}: <bdi>{classes[other]}</bdi>
          </p>
        ))}
      </div>
    </article>
  );
}
