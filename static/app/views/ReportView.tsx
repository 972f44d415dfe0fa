import type { ReportDetailWire } from "../../../routes/wire/results.ts";
import { addressOf, api } from "../client.ts";
import { useJson } from "../hooks.ts";
import { ConfusionPanel } from "./ConfusionPanel.tsx";
import { LabelCurves } from "./LabelCurves.tsx";
import { Note } from "./Parts.tsx";
import { ComparisonsTable, MetricsTable } from "./ReportTables.tsx";
import { SaliencyExamples } from "./SaliencyExamples.tsx";

/** One comparison: its tables, its matrices with the windows behind them, its curves and maps. */
export function ReportView({ name }: { name: string }) {
  const { data, problem } = useJson(api.results[":report"], { param: { report: name } });
  document.title = `${name} · Results · Sonospeech`;
  return (
    <section class="report">
      <p class="small">
        <a href="#/results">All results</a>
      </p>
      <div class="row spread">
        <h1>
          <bdi>{name}</bdi>
        </h1>
        <ReportLink name={name} />
      </div>
      {problem && <Note kind="warning">{problem}</Note>}
      {!data && !problem && <Note kind="quiet">Loading…</Note>}
      {data && <Report report={data} />}
    </section>
  );
}

function Report({ report }: { report: ReportDetailWire }) {
  const { name, size, isSynthetic, seeds, device, finishedAt, sentences } = report;
  return (
    <>
      <p class="muted small">
        {size} comparison{isSynthetic ? " on synthetic scans" : ""} ·{" "}
        {seeds === 1 ? "1 seed" : `${seeds} seeds`} · {device} · {new Date(finishedAt).toLocaleString()}
      </p>
      <ul class="sentences">
        {sentences.map((sentence) => <li key={sentence}>{sentence}</li>)}
      </ul>
      <MetricsTable report={report} />
      <ComparisonsTable comparisons={report.comparisons} />
      <ConfusionPanel report={report} />
      <LabelCurves curves={report.labelEfficiency} />
      {report.saliencyExamples > 0 && <SaliencyExamples report={name} />}
    </>
  );
}

/** Leads to the whole report as a page of its own. */
export function ReportLink({ name }: { name: string }) {
  return (
    <a
      class="button"
      href={addressOf(api.results[":report"]["report.html"], { param: { report: name } })}
      target="_blank"
      rel="noreferrer"
    >
      Open the report<span class="visually-hidden">of {name} in a new tab</span>
    </a>
  );
}
