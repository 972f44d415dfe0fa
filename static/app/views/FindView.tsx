import { useState } from "preact/hooks";
import type { FindDatasetWire, FindWire } from "../../../routes/wire/find.ts";
import { api } from "../client.ts";
import { type FileQuestion, type FindPlace, placeOf, type Question, questionOf } from "../find_question.ts";
import { type Find, useFind } from "../find_search.ts";
import { formatCount, formatDuration } from "../format.ts";
import { useJson } from "../hooks.ts";
import type { LiveRun } from "../live_run.ts";
import { route, setQuery } from "../router.ts";
import { FindQuery } from "./FindQuery.tsx";
import { FindResults } from "./FindResults.tsx";
import { mediaOfDataset, MovingWindow } from "./MovingWindow.tsx";
import { Choice, Note } from "./Parts.tsx";

/** Speak to find: words, a sound, a picture or a window find the windows that are most like it. */
export function FindView({ run }: { run: LiveRun }) {
  const { data, problem } = useJson(api.runs[":run"].find, { param: { run: run.name } });
  if (problem ?? data?.problem) return <Note kind="warning">{problem ?? data!.problem}</Note>;
  if (!data) return <Note kind="quiet">Loading…</Note>;
  return <Finder run={run.name} facts={data} />;
}

function Finder({ run, facts }: { run: string; facts: FindWire }) {
  const { query } = route.value;
  const [file, setFile] = useState<FileQuestion | null>(null);
  const question = questionOf(query) ?? file;
  const place = placeOf(query, question);
  const find = useFind(run, question, place);
  const dataset = facts.datasets.find(({ key }) => key === place.dataset) ?? facts.datasets[0];
  const ask = (next: Question) => {
    setFile("file" in next ? next : null);
    setQuery({
      q: next.by === "text" ? next.text : "",
      window: next.by === "window" ? String(next.windowId) : "",
      of: next.by === "window" ? next.modality : "",
    });
    if (next.by === "text" && query.get("q") === next.text) find.again();
  };
  return (
    <section class="find">
      <FindQuery question={question} facts={facts} onAsk={ask} />
      <Places facts={facts} place={place} among={query.get("among") ?? ""} />
      {facts.isTraining && (
        <Note kind="quiet">
          A run trains now: windows are embedded on one processor core, so that it is not slowed down.
        </Note>
      )}
      {question?.by === "window" && <AskedWindow question={question} dataset={dataset} />}
      <div aria-live="polite">
        <Progress find={find} />
      </div>
      {find.state.phase === "found" && (
        <FindResults run={run} question={question} answer={find.state.answer} dataset={dataset} onAsk={ask} />
      )}
    </section>
  );
}

/** Where to search. */
function Places({ facts, place, among }: { facts: FindWire; place: FindPlace; among: string }) {
  const choose = (name: string) => (value: string) => setQuery({ [name]: value });
  return (
    <div class="row filters">
      <Choice
        label="In"
        value={place.dataset}
        onChange={(value) => setQuery({ dataset: value, window: "", of: "" })}
        options={facts.datasets.map((
          one,
        ): [string, string] => [one.isOwn ? "" : one.key, nameOf(one)])}
      />
      <Choice
        label="Among"
        value={among}
        onChange={choose("among")}
        options={[["", "the other of speech and pictures"], ["video", "pictures"], ["speech", "speech"]]}
      />
      <Choice
        label="Split"
        value={place.split}
        onChange={choose("split")}
        options={[["", "all"], ["train", "train"], ["validation", "validation"], ["test", "test"]]}
      />
      <Choice
        label="Checkpoint"
        value={place.checkpoint}
        onChange={choose("checkpoint")}
        options={[["", "best"], ["newest", "newest"]]}
      />
    </div>
  );
}

function nameOf({ isOwn, key, runs, scans, windows }: FindDatasetWire): string {
  const size = `${formatCount(scans)} scans, ${formatCount(windows)} windows`;
  if (isOwn) return `the run's dataset (${size})`;
  const of = runs.length > 0 ? `dataset of ${runs.slice(0, 2).join(", ")}` : `dataset ${key.slice(0, 6)}`;
  return `${of} (${size})`;
}

function AskedWindow(
  { question: { windowId, modality }, dataset }: {
    question: Extract<Question, { by: "window" }>;
    dataset: FindDatasetWire;
  },
) {
  return (
    <div class="panel row asked">
      <MovingWindow
        media={mediaOfDataset(dataset.key, windowId)}
        name="the window that is asked with"
        frameCount={dataset.framesPerWindow}
        frameSize={dataset.frameSize}
      />
      <p>
        Searching with what is <b>{modality === "video" ? "seen" : "said"}</b> in window {windowId}.
      </p>
    </div>
  );
}

function Progress({ find: { state, stop, again } }: { find: Find }) {
  switch (state.phase) {
    case "embedding": {
      const { done, total, secondsLeft } = state.index;
      return (
        <div class="panel find-progress">
          <div class="row spread">
            <span>
              Embedding the windows, once for this checkpoint: {formatCount(done)}
              {total !== null && ` of ${formatCount(total)}`}
              {secondsLeft !== null && `, about ${formatDuration(secondsLeft)} left`}
            </span>
            <button type="button" onClick={stop}>Stop</button>
          </div>
          <progress aria-label="Windows embedded" max={total ?? 1} value={total === null ? 0 : done} />
        </div>
      );
    }
    case "asking":
      return (
        <div class="panel find-progress">
          <div class="row spread">
            <span>
              Searching… <span aria-hidden="true">{state.seconds > 0 && `${state.seconds} s`}</span>
            </span>
            <button type="button" onClick={stop}>Stop</button>
          </div>
          <progress aria-label="Searching" />
        </div>
      );
    case "failed":
      return (
        <div class="row">
          <Note kind="warning">{state.problem}</Note>
          <button type="button" onClick={again}>Try again</button>
        </div>
      );
    case "stopped":
      return (
        <div class="row">
          <Note kind="quiet">Stopped.</Note>
          <button type="button" onClick={again}>Go on</button>
        </div>
      );
    default:
      return null;
  }
}
