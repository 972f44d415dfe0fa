import { useEffect, useRef, useState } from "preact/hooks";
import type { RunSummary } from "../../../routes/wire/runs.ts";
import { api, send } from "../client.ts";
import { Note } from "./Parts.tsx";

interface RunDialogProps {
  run: RunSummary;
  onClose: () => void;
  /** Called after something was changed. */
  onChange: () => void;
}

/** A run's tags and note, and the way to the trash. */
export function RunDialog({ run, onClose, onChange }: RunDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [tags, setTags] = useState(run.annotation.tags.join(", "));
  const [note, setNote] = useState(run.annotation.note);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => dialog.current!.showModal(), []);
  const act = async (action: () => Promise<unknown>) => {
    try {
      await action();
      onChange();
      dialog.current!.close();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  const save = (event: Event) => {
    event.preventDefault();
    act(() =>
      send(api.runs[":run"].annotation.$patch, {
        param: { run: run.name },
        json: { tags: tags.split(",").map((tag) => tag.trim()).filter((tag) => tag !== ""), note },
      })
    );
  };
  return (
    <dialog ref={dialog} aria-labelledby="run-dialog-title" onClose={onClose}>
      <form class="stack" onSubmit={save}>
        <h2 id="run-dialog-title">
          <bdi>{run.name}</bdi>
        </h2>
        <label class="field">
          <span>Tags, with commas between them</span>
          <input type="text" value={tags} onInput={(event) => setTags(event.currentTarget.value)} />
        </label>
        <label class="field">
          <span>Note</span>
          <textarea
            rows={5}
            maxLength={4000}
            value={note}
            onInput={(event) => setNote(event.currentTarget.value)}
          />
        </label>
        {problem && <Note kind="warning">{problem}</Note>}
        <div class="row">
          <button type="submit" class="primary">Save</button>
          <button type="button" onClick={() => dialog.current!.close()}>Cancel</button>
        </div>
      </form>
      <Removal
        name={run.name}
        onRemove={() =>
          act(() => send(api.runs[":run"].$delete, { param: { run: run.name }, json: { name: run.name } }))}
      />
    </dialog>
  );
}

/** Asks twice: to open, and to type the name. */
function Removal({ name, onRemove }: { name: string; onRemove: () => void }) {
  const [typed, setTyped] = useState("");
  return (
    <details class="removal">
      <summary>Delete this run…</summary>
      <div class="stack">
        <p class="small">
          The run is moved to the folder <code>trash</code>{" "}
          beside the runs. Nothing is erased: whoever wants it back moves it out of there.
        </p>
        <label class="field">
          <span>
            Type <b>{name}</b> to delete it
          </span>
          <input
            type="text"
            autocomplete="off"
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        </label>
        <button type="button" class="danger" disabled={typed !== name} onClick={onRemove}>
          Delete the run
        </button>
      </div>
    </details>
  );
}
