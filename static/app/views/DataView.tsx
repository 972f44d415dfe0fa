import type { DatasetWire } from "../../../routes/wire/datasets.ts";
import { api } from "../client.ts";
import { formatCount, formatDuration, formatShare } from "../format.ts";
import { useJson } from "../hooks.ts";
import type { LiveRun } from "../live_run.ts";
import { href, route } from "../router.ts";
import { CertificatePanel } from "./CertificatePanel.tsx";
import { Note, Tile } from "./Parts.tsx";
import { ScanView } from "./ScanView.tsx";

const splits = ["train", "validation", "test"];

/** What the run learns from, or one scan of it. */
export function DataView({ run }: { run: LiveRun }) {
  const { rest } = route.value;
  const { data, problem } = useJson(api.runs[":run"].dataset, { param: { run: run.name } });
  if (problem) return <Note kind="warning">{problem}</Note>;
  if (!data) return <Note kind="quiet">Loading…</Note>;
  return rest === ""
    ? <Overview run={run.name} data={data} />
    : <ScanView key={rest} run={run.name} id={rest} dataset={data} />;
}

/** Scans, split, its certificate, and what could not be used. */
function Overview({ run, data }: { run: string; data: DatasetWire }) {
  const quarantine = useJson(api.runs[":run"].dataset.quarantine, { param: { run } });
  return (
    <section>
      <dl class="tiles">
        <Tile name="Scans" value={formatCount(data.scans.length)} />
        <Tile name="Subjects" value={formatCount(new Set(data.scans.map((scan) => scan.subject)).size)} />
        <Tile name="Windows" value={formatCount(data.windows)} hint={`of ${data.windowSeconds} s`} />
        <Tile name="Length" value={formatDuration(data.hours * 3600)} />
        <Tile name="Voiced" value={formatShare(data.voicedFractionWebrtc)} hint="by WebRTC's detector" />
        <Tile name="Voiced" value={formatShare(data.voicedFractionEnergy)} hint="by energy" />
        <Tile
          name="Not usable"
          value={formatCount(data.quarantined)}
          hint={data.quarantined === 1 ? "file" : "files"}
        />
      </dl>
      <SplitTable data={data} />
      <CertificatePanel run={run} />
      <h2 class="section">Not usable</h2>
      {quarantine.data?.length === 0 && <Note kind="quiet">Every file could be used.</Note>}
      <ul class="reasons">
        {quarantine.data?.map(({ reason, detail, files }) => (
          <li key={reason + detail} class="panel row spread">
            <span>
              <b>{reason}</b> <span class="muted">{detail}</span>
            </span>
            <b>{formatCount(files)} {files === 1 ? "file" : "files"}</b>
          </li>
        ))}
      </ul>
      <ScanTable run={run} data={data} />
    </section>
  );
}

function SplitTable({ data }: { data: DatasetWire }) {
  const scansOf = Map.groupBy(data.scans, (scan) => scan.split);
  const bySplit = splits.flatMap((split) =>
    scansOf.has(split) ? [{ split, scans: scansOf.get(split)! }] : []
  );
  return (
    <>
      <h2 class="section">Split by subject</h2>
      <div class="panel scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Split</th>
              <th scope="col">Subjects</th>
              <th scope="col">Scans</th>
              <th scope="col">Windows</th>
            </tr>
          </thead>
          <tbody>
            {bySplit.map(({ split, scans }) => (
              <tr key={split}>
                <th scope="row">
                  <span class={`tag ${split}`}>{split}</span>
                </th>
                <td>{formatCount(new Set(scans.map((scan) => scan.subject)).size)}</td>
                <td>{formatCount(scans.length)}</td>
                <td>{formatCount(scans.reduce((sum, scan) => sum + scan.windows, 0))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function ScanTable({ run, data }: { run: string; data: DatasetWire }) {
  return (
    <>
      <h2 class="section">Scans</h2>
      <div class="panel scroll tall" tabIndex={0} role="region" aria-label="Scans">
        <table>
          <thead>
            <tr>
              <th scope="col">Scan</th>
              <th scope="col">Subject</th>
              <th scope="col">Split</th>
              <th scope="col">Windows</th>
              <th scope="col" class="wide">Voiced (WebRTC)</th>
              <th scope="col" class="wide">Voiced (energy)</th>
              <th scope="col" class="wide">Length</th>
            </tr>
          </thead>
          <tbody>
            {data.scans.map((scan) => (
              <tr key={scan.id}>
                <th scope="row">
                  <a href={href(run, "data", scan.id)}>{scan.id}</a>
                </th>
                <td class="text">{scan.subject}</td>
                <td class="text">
                  <span class={`tag ${scan.split}`}>{scan.split}</span>
                </td>
                <td>{formatCount(scan.windows)}</td>
                <td class="wide">{formatShare(scan.voicedFractionWebrtc)}</td>
                <td class="wide">{formatShare(scan.voicedFractionEnergy)}</td>
                <td class="wide">{formatDuration(scan.durationSeconds)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
