import type { EvaluationOfRun, ReportSummary } from "../../../routes/wire/results.ts";
import { api } from "../client.ts";
import { formatCount, formatMetric } from "../format.ts";
import { useJson } from "../hooks.ts";
import { href, reportHref, route, setQuery } from "../router.ts";
import { firstMetrics } from "../run_list.ts";
import { Choice, Note } from "./Parts.tsx";
import { ReportLink, ReportView } from "./ReportView.tsx";

/** What comparisons and evaluations found. */
export function ResultsView() {
  const { rest } = route.value;
  return rest === "" ? <ResultsList /> : <ReportView key={rest} name={rest} />;
}

function ResultsList() {
  const { data, problem } = useJson(api.results, {}, 30);
  document.title = "Results · Sonospeech";
  return (
    <section>
      <h1>Results</h1>
      {problem && <Note kind="warning">{problem}</Note>}
      {!data && !problem && <Note kind="quiet">Loading…</Note>}
      {data && <Reports reports={data.reports} />}
      {data && <Evaluations evaluations={data.evaluations} />}
    </section>
  );
}

function Reports({ reports }: { reports: ReportSummary[] }) {
  if (reports.length === 0) {
    return (
      <Note kind="quiet">
        There are no comparisons yet. Those that <code>reproduce</code>{" "}
        writes beside the runs, or to a folder that serve --results names, appear here.
      </Note>
    );
  }
  return (
    <>
      <h2 class="section">Comparisons</h2>
      <div class="results">
        {reports.map((report) => <ReportCard key={report.name} report={report} />)}
      </div>
    </>
  );
}

function ReportCard({ report }: { report: ReportSummary }) {
  const { name, finishedAt, size, isSynthetic, seeds, rows, device, sentences } = report;
  return (
    <article class="panel">
      <div class="row spread">
        <h3>
          <a class="strong" href={reportHref(name)}>
            <bdi>{name}</bdi>
          </a>
        </h3>
        <span class="row">
          <a class="button" href={reportHref(name)}>
            Tables and windows<span class="visually-hidden">of {name}</span>
          </a>
          <ReportLink name={name} />
        </span>
      </div>
      <p class="muted small">
        {size} comparison{isSynthetic ? " on synthetic scans" : ""} · {rows} rows ·{" "}
        {seeds === 1 ? "1 seed" : `${seeds} seeds`} · {device} · {new Date(finishedAt).toLocaleString()}
      </p>
      <ul class="sentences">
        {sentences.map((sentence) => <li key={sentence}>{sentence}</li>)}
      </ul>
    </article>
  );
}

function Evaluations({ evaluations }: { evaluations: EvaluationOfRun[] }) {
  if (evaluations.length === 0) return null;
  const names = [...new Set(evaluations.flatMap(({ metrics }) => Object.keys(metrics)))].sort();
  const asked = route.value.query.get("metric") ?? "";
  const metric = [asked, ...firstMetrics].find((name) => names.includes(name)) ?? names[0];
  return (
    <>
      <h2 class="section">Evaluations of runs</h2>
      <div class="row filters">
        <Choice
          label="Metric"
          value={metric}
          onChange={(value) => setQuery({ metric: value })}
          options={names.map((name) => [name, name])}
        />
      </div>
      <div class="panel scroll cards" tabIndex={0} role="region" aria-label="Evaluations of runs">
        <table>
          <thead>
            <tr>
              <th scope="col">Run</th>
              <th scope="col" class="text">Split</th>
              <th scope="col">Step</th>
              <th scope="col">Windows</th>
              <th scope="col">Subjects</th>
              <th scope="col">Value</th>
              <th scope="col">95 % interval</th>
              <th scope="col">Chance</th>
            </tr>
          </thead>
          <tbody>
            {evaluations.map((one) => (
              <tr key={`${one.run} ${one.folder}`}>
                <th scope="row" class="text card-title">
                  <a href={href(one.run)}>
                    <bdi>{one.run}</bdi>
                  </a>
                </th>
                <td class="text" data-label="Split">{one.split}</td>
                <td data-label="Step">{formatCount(one.step)}</td>
                <td data-label="Windows">{formatCount(one.windows)}</td>
                <td data-label="Subjects">{one.subjects === null ? "–" : formatCount(one.subjects)}</td>
                <td data-label="Value">{formatMetric(metric, own(one.metrics, metric))}</td>
                <td data-label="95 % interval">{intervalText(metric, own(one.intervals, metric))}</td>
                <td data-label="Chance">{formatMetric(metric, own(one.chance, metric))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

/** A value by its name, whatever it is called. */
function own<T>(values: Record<string, T>, name: string): T | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

function intervalText(metric: string, interval: [number, number] | undefined): string {
  return interval ? `${formatMetric(metric, interval[0])} to ${formatMetric(metric, interval[1])}` : "–";
}
