import type { WindowWire } from "../../../routes/wire/datasets.ts";
import type { SpeechMark } from "../../../routes/wire/pace.ts";
import { addressOf, api, session } from "../client.ts";
import { formatCount } from "../format.ts";
import { marks, markWindow } from "../marks.ts";

const words: [SpeechMark, sign: string, text: string][] = [
  ["related", "✓", "about the picture"],
  ["unrelated", "✗", "not about the picture"],
];

/** What a listener says of a window's speech; the same button twice takes it back. */
export function MarkButtons({ run, window }: { run: string; window: WindowWire }) {
  const mark = marks.value.get(window.id) ?? null;
  if (!session.value?.mayWrite) {
    return mark ? <span class="tag">speech {words.find(([key]) => key === mark)![2]}</span> : null;
  }
  const of = `window ${window.index} of scan ${window.scanId}`;
  return (
    <span class="row tight" role="group" aria-label={`The speech of ${of} is`}>
      <span class="muted small">Speech is</span>
      {words.map(([key, sign, text]) => (
        <button
          key={key}
          type="button"
          class="toggle small"
          aria-pressed={mark === key}
          aria-label={`${text}: ${of}`}
          onClick={() => markWindow(run, window.id, mark === key ? null : key)}
        >
          <span aria-hidden="true">{sign}</span> {text}
        </button>
      ))}
    </span>
  );
}

/** Where the run's marks can be had, and how many there are. */
export function MarksLink({ run }: { run: string }) {
  return (
    <span class="row tight">
      <a class="button" href={addressOf(api.runs[":run"].marks["marks.csv"], { param: { run } })} download>
        Marks as CSV
      </a>
      <span class="muted small">
        {formatCount(marks.value.size)} {marks.value.size === 1 ? "window" : "windows"} marked
      </span>
    </span>
  );
}
