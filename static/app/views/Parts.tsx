import type { ComponentChildren } from "preact";
import type { PauseCauseWire, RunState } from "../../../routes/wire/runs.ts";
import { formatCount } from "../format.ts";

const stateWords: Record<RunState, string> = {
  new: "Starting",
  running: "Running",
  paused: "Paused",
  interrupted: "Interrupted",
  finished: "Finished",
};

/** A run's state in a word or two: a run that is paused, with its cause. */
export function StatePill({ state, cause }: { state: RunState; cause?: PauseCauseWire | null }) {
  const isPaused = state === "paused" || state === "interrupted";
  return <span class={`pill ${state}`}>{isPaused && cause ? `Paused: ${cause}` : stateWords[state]}</span>;
}

/** How far a run is. */
export function Progress({ done, total }: { done: number; total: number | null }) {
  return (
    <progress aria-label="Progress" max={total ?? 1} value={total === null ? 0 : Math.min(done, total)} />
  );
}

/** A sentence that stands out. */
export function Note({ kind, children }: { kind: "quiet" | "warning"; children: ComponentChildren }) {
  return <p class={`note ${kind}`} role={kind === "warning" ? "status" : undefined}>{children}</p>;
}

/** A number with its name. */
export function Tile({ name, value, hint }: { name: string; value: string; hint?: string }) {
  return (
    <div class="panel tile">
      <dt>{name}</dt>
      <dd>
        {value}
        {hint && <small>{hint}</small>}
      </dd>
    </div>
  );
}

/** Names and what each is. */
export function Facts({ facts }: { facts: readonly (readonly [name: string, value: string])[] }) {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A share from 0 to 1 as a bar with its number. */
export function ShareBar({ name, share, text }: { name: string; share: number; text: string }) {
  return (
    <div class="share">
      <span>{name}</span>
      <div
        class="bar"
        role="meter"
        aria-label={name}
        aria-valuemin={0}
        aria-valuemax={1}
        aria-valuenow={share}
      >
        <i style={{ width: `${share * 100}%` }} />
      </div>
      <b>{text}</b>
    </div>
  );
}

/** A choice among words. */
export function Choice(
  { label, value, options, onChange }: {
    label: string;
    value: string;
    options: [value: string, text: string][];
    onChange: (value: string) => void;
  },
) {
  return (
    <label class="choice">
      <span>{label}</span>
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {options.map(([key, text]) => <option key={key} value={key}>{text}</option>)}
      </select>
    </label>
  );
}

/** Something that is on or off. */
export function Toggle(
  { label, isOn, onChange }: { label: string; isOn: boolean; onChange: (isOn: boolean) => void },
) {
  return (
    <button type="button" class="toggle" aria-pressed={isOn} onClick={() => onChange(!isOn)}>{label}</button>
  );
}

interface PagerProps {
  total: number;
  offset: number;
  /** Windows on this page. */
  shown: number;
  pageSize: number;
  /** What is on the pages. */
  what?: string;
  onTurn: (offset: number) => void;
}

/** Turns pages. */
export function Pager({ total, offset, shown, pageSize, what = "windows", onTurn }: PagerProps) {
  const place = total === 0 ? `no ${what}` : `${offset + 1}–${offset + shown} of ${formatCount(total)}`;
  return (
    <div class="row pager">
      <button
        type="button"
        aria-label={`Previous ${what}`}
        disabled={offset === 0}
        onClick={() => onTurn(Math.max(0, offset - pageSize))}
      >
        ‹
      </button>
      <span>{place}</span>
      <button
        type="button"
        aria-label={`Next ${what}`}
        disabled={offset + shown >= total}
        onClick={() => onTurn(offset + pageSize)}
      >
        ›
      </button>
    </div>
  );
}
