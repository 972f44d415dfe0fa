import { useState } from "preact/hooks";
import type { JobWire } from "../../../routes/wire/control.ts";
import { api } from "../client.ts";
import { control } from "../job.ts";
import { ConfirmDialog } from "./ConfirmDialog.tsx";

/** Stops what is being done with a run; it asks once more. */
export function StopButton({ job: { run, kind, state } }: { job: JobWire }) {
  const [isAsked, setIsAsked] = useState(false);
  return (
    <>
      <button type="button" class="danger" disabled={state === "stopping"} onClick={() => setIsAsked(true)}>
        {state === "stopping" ? "Stopping…" : kind === "train" ? "Stop…" : "Stop evaluating…"}
      </button>
      {isAsked && (
        <ConfirmDialog
          title={`Stop ${run}?`}
          action="Stop the run"
          isDangerous
          onConfirm={() => control(api.control.stop.$post, { run, confirm: run })}
          onClose={() => setIsAsked(false)}
        >
          <p>
            A training that has made steps writes a checkpoint first and can be continued from there; an
            evaluation is given up.
          </p>
          <p class="muted small">What does not end within two minutes is ended by force.</p>
        </ConfirmDialog>
      )}
    </>
  );
}
