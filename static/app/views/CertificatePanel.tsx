import type { CertificateRuleWire, CertificateWire } from "../../../routes/wire/datasets.ts";
import { api } from "../client.ts";
import { formatCount, formatNumber } from "../format.ts";
import { useJson } from "../hooks.ts";
import { Note } from "./Parts.tsx";

const words: Record<string, string> = { train: "training", validation: "validation", test: "test" };

/** What the run's split certificate found, in words. */
export function CertificatePanel({ run }: { run: string }) {
  const { data, problem } = useJson(api.runs[":run"].certificate, { param: { run } });
  return (
    <>
      <h2 class="section">Split certificate</h2>
      {problem && <Note kind="warning">{problem}</Note>}
      {data?.certificate === null && <Missing />}
      {data?.certificate && <Findings certificate={data.certificate} />}
    </>
  );
}

function Missing() {
  return (
    <Note kind="quiet">
      This run has no certificate: nobody has shown that what it is evaluated on was not trained on. Training
      makes one before its first step.
    </Note>
  );
}

function Findings({ certificate }: { certificate: CertificateWire }) {
  const { splits, windowsCompared, nearDuplicates, isOfDataset, pictures, speech, version } = certificate;
  const subjects = splits.map(({ split, subjects }) => `${formatCount(subjects)} ${words[split] ?? split}`);
  return (
    <div class="panel stack certificate">
      {!isOfDataset && (
        <Note kind="warning">It is of another dataset than the one that the run names now.</Note>
      )}
      <p>
        <b>No subject is in two splits:</b> {subjects.join(", ")} subjects.
      </p>
      <p>
        <b>
          {nearDuplicates === 0
            ? "No pictures and no speech of one split were found in another"
            : `${formatCount(nearDuplicates)} pairs of scans of different splits share pictures or speech`}
        </b>
        , of {formatCount(windowsCompared)}{" "}
        windows compared: not encoded again, scaled, a little cropped, brighter, louder or shifted in time
        either.
      </p>
      <details>
        <summary>How they were compared</summary>
        <p class="muted small">
          {ruleText("Pictures", pictures)} {ruleText("Speech", speech)}{" "}
          Stretches in which nothing moves or sounds tell nothing and are left out. Version {version}{" "}
          of the method.
        </p>
      </details>
    </div>
  );
}

function ruleText(
  name: string,
  { segmentSeconds, surroundingSeconds, leastCorrelation }: CertificateRuleWire,
): string {
  return `${name}: pieces of ${formatNumber(segmentSeconds)} s whose changes correlate by ${
    formatNumber(leastCorrelation)
  } or more, together with ${formatNumber(surroundingSeconds)} s around them, would count as one recording.`;
}
