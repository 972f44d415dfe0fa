import type { JobWire } from "../../../routes/wire/control.ts";
import { Note, StatePill } from "./Parts.tsx";
import { StopButton } from "./StopButton.tsx";

/** A run that is being made, and how far that is: until it is there, the job's own words are all there is. */
export function MakingView({ job }: { job: JobWire }) {
  const isOver = job.state === "ended";
  return (
    <section class="run-header">
      <div class="row spread">
        <h1>
          <bdi>{job.run}</bdi>
        </h1>
        {!isOver && <StatePill state="new" />}
      </div>
      {isOver
        ? <Note kind="warning">Training ended before there was a run. {job.message}</Note>
        : <p class="muted" role="status">Starting: the data and the settings are looked at first.</p>}
      <div class="row" role="group" aria-label="Control of the run">
        {isOver ? <a class="button" href="#/start">New run</a> : <StopButton job={job} />}
      </div>
      <JobLog job={job} />
    </section>
  );
}

/** What a job has said, the newest last. */
export function JobLog({ job: { lines } }: { job: JobWire }) {
  return (
    <figure class="panel job-log">
      <figcaption class="muted small">What the trainer says</figcaption>
      {lines.length === 0 ? <p class="muted small">Nothing yet</p> : (
        <pre
          class="mono small"
          tabIndex={0}
          role="log"
          aria-label="What the trainer says"
        >{lines.join("\n")}</pre>
      )}
    </figure>
  );
}
