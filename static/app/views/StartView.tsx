import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { ControlWire, JobWire, StartProblem, StartRequest } from "../../../routes/wire/control.ts";
import { api, getJson, send, session } from "../client.ts";
import { useJson } from "../hooks.ts";
import { control, job, useJob } from "../job.ts";
import { goTo, href, route, setQuery } from "../router.ts";
import { commonFields, problemsAt, type StartForm, startFormOf, startRequestOf } from "../start_form.ts";
import { ConfirmDialog } from "./ConfirmDialog.tsx";
import { Choice, Note } from "./Parts.tsx";

/** A new run: its form, what is at work, and what was done. */
export function StartView() {
  useJob();
  const { data, problem } = useJson(api.control, session.value?.mayControl ? {} : null);
  document.title = "New run · Sonospeech";
  usePattern(route.value.query.get("from") ?? "");
  if (!session.value?.mayControl) {
    return (
      <Note kind="quiet">
        {session.value?.role === "viewer"
          ? "A viewer may look; an operator starts runs."
          : "This dashboard starts nothing. One that is served with --allow-control does."}
      </Note>
    );
  }
  return (
    <section>
      <h1>New run</h1>
      {problem && <Note kind="warning">{problem}</Note>}
      {job.value && <JobPanel job={job.value} />}
      {data?.datasets.length === 0 && (
        <Note kind="warning">
          There is no dataset that may be trained on: name one, or a folder of them, with serve --data DIR.
        </Note>
      )}
      {data && data.datasets.length > 0 && <StartPanel choices={data} />}
      <ControlLogPanel />
    </section>
  );
}

/** Fills the form in as another run was: its name leads to its settings, which take its place in the address. */
function usePattern(from: string): void {
  useEffect(() => {
    if (from === "") return;
    const ending = new AbortController();
    getJson(api.control.settings, { query: { run: from } }, ending.signal).then(
      ({ preset, device, dataset, settings }) => {
        const common = Object.fromEntries(commonFields.map(([name]) => [name, settings[name] ?? ""]));
        const isCommon = (name: string) => commonFields.some(([known]) => known === name);
        const more = Object.entries(settings).filter(([name]) => !isCommon(name));
        const lines = more.map(([name, value]) => `${name}=${value}`).join("\n");
        setQuery({ from: "", preset, device, dataset: dataset ?? "", ...common, more: lines }, "replace");
      },
      () => {/* Without it the form stays as it is. */},
    );
    return () => ending.abort();
  }, [from]);
}

function StartPanel({ choices }: { choices: ControlWire }) {
  const form = startFormOf(route.value.query);
  const dataset = form.dataset || choices.datasets[0].name;
  const request = startRequestOf({ ...form, dataset });
  const [problems, setProblems] = useState<StartProblem[]>([]);
  const [failure, setFailure] = useState<string | null>(null);
  const [isAsked, setIsAsked] = useState(false);
  const check = async (event: Event) => {
    event.preventDefault();
    try {
      const found = await send(api.control.check.$post, { json: request });
      setProblems(found);
      setFailure(null);
      setIsAsked(found.length === 0);
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <form class="panel stack start-form" onSubmit={check} noValidate>
      <StartFields form={{ ...form, dataset }} choices={choices} problems={problems} />
      {problems.length > 0 && <Note kind="warning">Nothing was started; see the fields above.</Note>}
      {failure && <Note kind="warning">{failure}</Note>}
      <div class="row">
        <button type="submit" class="primary" disabled={job.value !== null && job.value.state !== "ended"}>
          Start…
        </button>
        {job.value !== null && job.value.state !== "ended" && (
          <span class="muted small">One run at a time: {job.value.run} is at work.</span>
        )}
      </div>
      {isAsked && <StartDialog request={request} onClose={() => setIsAsked(false)} />}
    </form>
  );
}

function StartFields(
  { form, choices, problems }: { form: StartForm; choices: ControlWire; problems: StartProblem[] },
) {
  const preset = choices.presets[form.preset];
  const choose = (key: string) => (value: string) => setQuery({ [key]: value }, "replace");
  const typed = (key: string) => (event: { currentTarget: HTMLInputElement | HTMLTextAreaElement }) =>
    setQuery({ [key]: event.currentTarget.value }, "replace");
  const attributes = (place: string) => {
    const isWrong = problemsAt(problems, place).length > 0;
    return { "aria-invalid": isWrong, "aria-describedby": isWrong ? `problem-${place}` : undefined };
  };
  return (
    <>
      <Field name="Name" place="run" problems={problems}>
        <input
          type="text"
          autocomplete="off"
          value={form.run}
          onInput={typed("run")}
          {...attributes("run")}
        />
      </Field>
      <div class="row">
        <Choice
          label="Dataset"
          value={form.dataset}
          onChange={choose("dataset")}
          options={choices.datasets.map((
            { name, datasetId },
          ) => [name, datasetId ? `${name} · ${datasetId}` : name])}
        />
        <Choice
          label="Preset"
          value={form.preset}
          onChange={choose("preset")}
          options={Object.keys(choices.presets).map((name) => [name, name])}
        />
        <Choice
          label="Device"
          value={form.device}
          onChange={choose("device")}
          options={choices.devices.map((name) => [name, name])}
        />
      </div>
      <Problems place="dataset" problems={problems} />
      <Problems place="preset" problems={problems} />
      <Problems place="device" problems={problems} />
      <div class="start-fields">
        {commonFields.map(([setting, name]) => (
          <Field key={setting} name={name} place={setting} problems={problems}>
            <input
              type="text"
              inputMode="decimal"
              autocomplete="off"
              value={form.common[setting]}
              placeholder={preset && String(preset[setting])}
              onInput={typed(setting)}
              {...attributes(setting)}
            />
          </Field>
        ))}
      </div>
      <Field name="Other settings, one a line, as losses.orderWeight=0" place="settings" problems={problems}>
        <textarea
          rows={4}
          spellcheck={false}
          value={form.more}
          onInput={typed("more")}
          {...attributes("settings")}
        />
      </Field>
      <label class="row small check">
        <input
          type="checkbox"
          checked={form.skipGates}
          onChange={() => choose("gates")(form.skipGates ? "" : "skip")}
        />
        Skip the controls that a long training begins with
      </label>
    </>
  );
}

function Field(
  { name, place, problems, children }: {
    name: string;
    place: string;
    problems: StartProblem[];
    children: ComponentChildren;
  },
) {
  return (
    <div class="field-group">
      <label class="field">
        <span>{name}</span>
        {children}
      </label>
      <Problems place={place} problems={problems} />
    </div>
  );
}

function Problems({ place, problems }: { place: string; problems: StartProblem[] }) {
  const own = problemsAt(problems, place);
  if (own.length === 0) return null;
  return <p class="warning small problem" role="alert" id={`problem-${place}`}>{own.join(" ")}</p>;
}

/** Says what will be started, and asks once more. */
function StartDialog({ request, onClose }: { request: StartRequest; onClose: () => void }) {
  const { run, dataset, preset, device, settings, skipGates } = request;
  const lines = [`preset=${preset}`, ...settings];
  return (
    <ConfirmDialog
      title={`Start ${run}?`}
      action="Start the run"
      onConfirm={async () => {
        await control(api.control.start.$post, { ...request, confirm: run });
        goTo(href(run));
      }}
      onClose={onClose}
    >
      <p>
        Trains on <b>{dataset}</b> with device <b>{device}</b>
        {skipGates ? ", without the first controls," : ""} and these settings:
      </p>
      <ul class="mono small">
        {lines.map((line) => <li key={line}>{line}</li>)}
      </ul>
    </ConfirmDialog>
  );
}

const jobWords = { running: "at work", stopping: "stopping", ended: "ended" };

/** What is at work, or was last. */
function JobPanel({ job }: { job: JobWire }) {
  const isTrouble = job.state === "ended" && !job.succeeded;
  return (
    <div class={`note ${isTrouble ? "warning" : "quiet"}`} role="status">
      <a class="strong" href={href(job.run)}>
        <bdi>{job.run}</bdi>
      </a>
      : {job.kind === "train" ? "training" : "evaluation"} {job.succeeded ? "done" : jobWords[job.state]}
      {job.message && !job.succeeded && `. ${job.message}`}
    </div>
  );
}

function ControlLogPanel() {
  const { data } = useJson(api.control.log, { query: { limit: 20 } }, 5);
  if (!data || data.length === 0) return null;
  return (
    <>
      <h2 class="section">What was done from here</h2>
      <div class="panel scroll" tabIndex={0} role="region" aria-label="What was done from here">
        <table>
          <thead>
            <tr>
              <th scope="col" class="text">When</th>
              <th scope="col" class="text">Who</th>
              <th scope="col" class="text">What</th>
              <th scope="col" class="text">Run</th>
              <th scope="col" class="text">How</th>
            </tr>
          </thead>
          <tbody>
            {data.map(({ at, who, action, run, detail }, i) => (
              <tr key={`${at} ${i}`}>
                <td class="text">{new Date(at).toLocaleString()}</td>
                <td class="text">{who}</td>
                <td class="text">{action}</td>
                <td class="text">
                  <bdi>{run}</bdi>
                </td>
                <td class="text">{detail}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
