import type { ComponentChildren } from "preact";
import type { RunState } from "../../../routes/api.ts";

const stateWords: Record<RunState, string> = {
  new: "Starting",
  running: "Running",
  paused: "Paused",
  interrupted: "Interrupted",
  finished: "Finished",
};

/** A run's state in a word. */
export function StatePill({ state }: { state: RunState }) {
  return <span class={`pill ${state}`}>{stateWords[state]}</span>;
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
