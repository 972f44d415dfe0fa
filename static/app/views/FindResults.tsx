import type { FindAnswer, FindDatasetWire, FindHitWire } from "../../../routes/wire/find.ts";
import { bestByChance } from "../best_by_chance.ts";
import type { Question } from "../find_question.ts";
import { formatCount, formatNumber, formatPlace, formatShare } from "../format.ts";
import { href } from "../router.ts";
import { mediaOfDataset, MovingWindow } from "./MovingWindow.tsx";
import { Note } from "./Parts.tsx";

interface ResultsProps {
  run: string;
  question: Question | null;
  answer: FindAnswer;
  dataset: FindDatasetWire;
  onAsk: (question: Question) => void;
}

/** The windows that were found, the best first, and how much that says. */
export function FindResults({ run, question, answer, dataset, onAsk }: ResultsProps) {
  if (answer.searched === 0) return <Note kind="quiet">There is no window to search in this split.</Note>;
  return (
    <>
      <Standing answer={answer} question={question} />
      <ol class="hits" aria-label="Windows found, the most similar first">
        {answer.hits.map((hit) => (
          <li key={hit.window.id}>
            <Hit {...{ run, question, hit, answer, dataset, onAsk }} />
          </li>
        ))}
      </ol>
    </>
  );
}

/** Where the best lies among all, beside what chance would be. */
function Standing({ answer, question }: Pick<ResultsProps, "answer" | "question">) {
  const { query, among, hits, searched, medianSimilarity, mean, deviation, own } = answer;
  const above = deviation > 0 ? (hits[0].similarity - mean) / deviation : 0;
  const asked = query === "video" ? "a picture" : "speech";
  const kind = among === "video" ? "pictures" : "speech";
  return (
    <div class="panel standing">
      <SpreadChart answer={answer} />
      <div>
        <p>
          Searched the {kind} of <b>{formatCount(searched)}</b> windows with {asked}. The best has{" "}
          <b>{formatNumber(hits[0].similarity)}</b>, an arbitrary window{" "}
          <b>{formatNumber(medianSimilarity)}</b>.
        </p>
        <p class="muted">
          The best lies {above.toFixed(1)} standard deviations above the mean; the best of{" "}
          {formatCount(searched)} unrelated windows would by chance lie about{" "}
          {bestByChance(searched).toFixed(1)} above, were they normally spread.
        </p>
        {own && (
          <p>
            The window's own {kind} came <b>{formatCount(own.rank)}</b> of {formatCount(searched)} with{" "}
            {formatNumber(own.similarity)}; chance would be {formatNumber((searched + 1) / 2)}.
          </p>
        )}
        {!own && question?.by === "window" && (
          <p>
            The window itself is not among those searched: {among === "speech"
              ? "it holds too little speech, or is of another split."
              : "it is of another split."}
          </p>
        )}
        <LabelLine answer={answer} />
      </div>
    </div>
  );
}

/** How many of the found have the best one's label, beside how many have it anyway. */
function LabelLine({ answer: { hits, labelShares } }: { answer: FindAnswer }) {
  const { label } = hits[0];
  if (label === null) return null;
  const count = hits.filter((hit) => hit.label === label).length;
  return (
    <p>
      <b>{count}</b> of the first {hits.length} are labelled <bdi class="tag">{label}</bdi>, as are{" "}
      {formatShare(labelShares[label])} of all windows searched.
    </p>
  );
}

/** How the similarities of all windows lie, with those that were found. */
function SpreadChart({ answer: { histogram, low, high, hits } }: { answer: FindAnswer }) {
  const most = Math.max(...histogram);
  const width = 300, height = 70, step = width / histogram.length;
  const place = (similarity: number) => high > low ? ((similarity - low) / (high - low)) * width : 0;
  return (
    <svg
      class="spread"
      viewBox={`-1 0 ${width + 2} ${height + 16}`}
      role="img"
      aria-label={`Similarities of all windows from ${formatNumber(low)} to ${
        formatNumber(high)
      }; those found are marked at the upper end`}
    >
      {histogram.map((count, bin) =>
        count > 0 && (
          <rect
            key={bin}
            x={bin * step + 0.5}
            width={step - 1}
            y={height - (count / most) * height}
            height={(count / most) * height}
          />
        )
      )}
      {hits.map(({ window, similarity }) => (
        <line key={window.id} x1={place(similarity)} x2={place(similarity)} y1={0} y2={height} />
      ))}
      <text x={0} y={height + 13}>{formatNumber(low)}</text>
      <text x={width} y={height + 13} text-anchor="end">{formatNumber(high)}</text>
    </svg>
  );
}

function Hit(
  { run, hit: { rank, similarity, window, label }, answer, dataset, onAsk }: ResultsProps & {
    hit: FindHitWire;
  },
) {
  const place = `${window.scanId} · ${formatPlace(window.startSeconds)}–${
    formatPlace(window.startSeconds + dataset.windowSeconds)
  }`;
  const name = `window ${window.index + 1} of scan ${window.scanId}`;
  const modality = answer.among;
  return (
    <article class="panel hit">
      <MovingWindow
        media={mediaOfDataset(dataset.key, window.id)}
        name={`${name}, number ${rank},`}
        frameCount={window.frameCount}
        frameSize={dataset.frameSize}
      />
      <div>
        <div class="row spread">
          <b class="rank">{rank}</b>
          <span class={`tag ${window.split}`}>{window.split}</span>
        </div>
        <p>
          <b>{similarity.toFixed(3)}</b>{" "}
          <span class="muted small">
            above {formatShare((answer.searched - rank) / answer.searched)} of windows
          </span>
        </p>
        <p>
          {dataset.isOwn ? <a href={href(run, "windows", String(window.id))}>{place}</a> : place}
        </p>
        {label !== null && <bdi class="tag">{label}</bdi>}
        <button
          type="button"
          class="quiet small"
          aria-label={`Search with this: what is ${modality === "video" ? "seen" : "said"} in ${name}`}
          onClick={() => onAsk({ by: "window", windowId: window.id, modality })}
        >
          Search with this
        </button>
      </div>
    </article>
  );
}
