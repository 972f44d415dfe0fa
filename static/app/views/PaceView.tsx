import type { PaceEpochWire } from "../../../routes/wire/pace.ts";
import { AffinityChart } from "../charts/AffinityChart.tsx";
import { api } from "../client.ts";
import { formatCount, formatNumber, formatShare } from "../format.ts";
import { useJson } from "../hooks.ts";
import type { LiveRun } from "../live_run.ts";
import { markProblem, useMarks } from "../marks.ts";
import { affinityWords, measuresAffinity, paceSettings } from "../pace_words.ts";
import { href, route, setQuery } from "../router.ts";
import { MarksLink } from "./MarkButtons.tsx";
import { Choice, Note, Pager, ShareBar, Tile } from "./Parts.tsx";
import { WindowCard } from "./WindowCard.tsx";

const pageSize = 6;

const paceAddress = api.runs[":run"].pace;

/** What the pace made of the training windows: who was let in at which epoch, and why. */
export function PaceView({ run }: { run: LiveRun }) {
  useMarks(run.name);
  const isLive = run.state.value === "running";
  const { data: epochs, problem } = useJson(
    paceAddress,
    { param: { run: run.name } },
    isLive ? 10 : undefined,
  );
  if (problem) return <Note kind="warning">{problem}</Note>;
  if (!epochs) return <Note kind="quiet">Loading…</Note>;
  const detail = run.detail.value;
  const settings = paceSettings(detail?.config);
  const words = affinityWords({
    ...settings,
    stepsPerEpoch: detail?.started?.stepsPerEpoch ?? null,
    epochs,
  });
  if (epochs.length === 0) {
    return (
      <Note kind="quiet">
        This run keeps no scores of its windows yet; the first come with its first epoch. {words}
      </Note>
    );
  }
  const isKnown = epochs.some(({ known }) => known > 0);
  const wanted = Number(route.value.query.get("epoch") ?? NaN);
  const epoch = epochs.find((one) => one.epoch === wanted) ?? epochs[epochs.length - 1];
  const choose = (next: number) => setQuery({ epoch: String(next), offset: "" });
  return (
    <section>
      <div class="row filters">
        <Choice
          label="Epoch"
          value={String(epoch.epoch)}
          onChange={(value) => choose(Number(value))}
          options={epochs.map(({ epoch }): [string, string] => [String(epoch), String(epoch)])}
        />
        <MarksLink run={run.name} />
      </div>
      {markProblem.value && <Note kind="warning">{markProblem.value}</Note>}
      <EpochTiles epoch={epoch} hasAffinity={measuresAffinity({ ...settings, epochs })} />
      <p class={isKnown ? "muted small" : "note quiet"}>{words}</p>
      {isKnown && <AffinityChart epochs={epochs} chosen={epoch.epoch} onChoose={choose} />}
      <ScanShares run={run.name} epoch={epoch.epoch} />
      <PacedWindows run={run.name} epoch={epoch} />
    </section>
  );
}

function EpochTiles(
  { epoch: { windows, admitted, known, quantiles, threshold }, hasAffinity }: {
    epoch: PaceEpochWire;
    hasAffinity: boolean;
  },
) {
  return (
    <dl class="tiles">
      <Tile
        name="Let in"
        value={formatShare(admitted / windows)}
        hint={`${formatCount(admitted)} of ${formatCount(windows)} windows`}
      />
      <Tile name="Held back" value={formatCount(windows - admitted)} hint="windows" />
      {hasAffinity && (
        <>
          <Tile
            name="Affinity"
            value={formatNumber(quantiles?.[2])}
            hint={quantiles
              ? `median; half lie in ${formatNumber(quantiles[1])}–${formatNumber(quantiles[3])}`
              : "not known yet"}
          />
          <Tile
            name="Threshold"
            value={thresholdText(threshold)}
            hint={threshold ? "least affinity that is let in" : "any affinity is let in"}
          />
          <Tile name="Known" value={formatCount(known)} hint="windows whose affinity was measured" />
        </>
      )}
    </dl>
  );
}

function thresholdText(threshold: [number, number] | null): string {
  if (!threshold) return "–";
  const [low, high] = threshold;
  return high - low < 0.0005 ? formatNumber(high) : `${formatNumber(low)}–${formatNumber(high)}`;
}

/** Who was let in, scan by scan. */
function ScanShares({ run, epoch }: { run: string; epoch: number }) {
  const { data, problem } = useJson(paceAddress[":epoch"].scans, { param: { run, epoch } });
  const chosen = route.value.query.get("scan") ?? "";
  return (
    <>
      <h2 class="section">Let in of each scan</h2>
      {problem && <Note kind="warning">{problem}</Note>}
      <div class="panel scroll tall" tabIndex={0} role="region" aria-label="Share let in of each scan">
        <ul class="scan-shares">
          {data?.map(({ scanId, subject, windows, admitted, meanAffinity }) => (
            <li key={scanId}>
              <button
                type="button"
                class="quiet"
                aria-pressed={chosen === scanId}
                title={`Subject ${subject}; show the windows of this scan`}
                onClick={() => setQuery({ scan: chosen === scanId ? "" : scanId, offset: "" })}
              >
                {scanId}
              </button>
              <ShareBar
                name={`${admitted} of ${windows}`}
                share={admitted / windows}
                text={formatShare(admitted / windows)}
              />
              {meanAffinity !== null && (
                <span class="muted small">mean affinity {formatNumber(meanAffinity)}</span>
              )}
            </li>
          ))}
        </ul>
      </div>
    </>
  );
}

/** The windows that were held back, or let in, with picture and sound. */
function PacedWindows({ run, epoch }: { run: string; epoch: PaceEpochWire }) {
  const { query } = route.value;
  const admitted = query.get("admitted") === "1" ? "1" : "0";
  const order = query.get("order") === "high" ? "high" : "low";
  const scan = query.get("scan") ?? "";
  const offset = Math.max(0, Number(query.get("offset")) || 0);
  const { data, problem } = useJson(paceAddress[":epoch"].windows, {
    param: { run, epoch: epoch.epoch },
    query: { admitted, order, offset, limit: pageSize, scan: scan || undefined },
  });
  const dataset = useJson(api.runs[":run"].dataset, { param: { run } });
  const turn = (to: number) => setQuery({ offset: to === 0 ? "" : String(to) });
  return (
    <>
      <h2 class="section">Windows of epoch {epoch.epoch}</h2>
      <div class="row filters">
        <Choice
          label="Show"
          value={admitted}
          onChange={(value) => setQuery({ admitted: value, offset: "" })}
          options={[["0", "held back"], ["1", "let in"]]}
        />
        <Choice
          label="First"
          value={order}
          onChange={(value) => setQuery({ order: value, offset: "" })}
          options={[["low", "lowest affinity"], ["high", "highest affinity"]]}
        />
        {scan !== "" && (
          <button type="button" onClick={() => setQuery({ scan: "", offset: "" })}>Scan {scan} ✕</button>
        )}
        {data && (
          <Pager
            total={data.total}
            offset={offset}
            shown={data.windows.length}
            pageSize={pageSize}
            onTurn={turn}
          />
        )}
      </div>
      {(problem ?? dataset.problem) && <Note kind="warning">{problem ?? dataset.problem}</Note>}
      {data?.total === 0 && <Note kind="quiet">There are none.</Note>}
      <ul class="windows">
        {dataset.data &&
          data?.windows.map(({ window, affinity, leastAffinity, weight }) => (
            <li key={window.id}>
              <WindowCard run={run} window={window} dataset={dataset.data!}>
                <p class="small">
                  Affinity <b>{formatNumber(affinity)}</b>
                  {leastAffinity > -1 && ` of at least ${formatNumber(leastAffinity)}`} · weight{" "}
                  <b>{formatNumber(weight)}</b> · <a href={href(run, "windows", String(window.id))}>open</a>
                </p>
              </WindowCard>
            </li>
          ))}
      </ul>
    </>
  );
}
