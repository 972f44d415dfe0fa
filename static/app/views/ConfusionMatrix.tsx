import { useRef, useState } from "preact/hooks";
import { formatCount, formatShare } from "../format.ts";
import { type GridCell, nextCell } from "../grid_keys.ts";

interface ConfusionMatrixProps {
  /** The row's. */
  title: string;
  classes: string[];
  /** Rows are the truth, columns the answer. */
  counts: number[][];
  chosen: GridCell | null;
  /** Null where cells show nothing. */
  onChoose: ((cell: GridCell) => void) | null;
}

/** Counts shaded by their share of the true class; one cell at a time takes the focus, and arrow keys move it. */
export function ConfusionMatrix({ title, classes, counts, chosen, onChoose }: ConfusionMatrixProps) {
  const table = useRef<HTMLTableElement>(null);
  const [focused, setFocused] = useState<GridCell>(chosen ?? [0, 0]);
  const sums = counts.map((row) => row.reduce((sum, count) => sum + count, 0));
  const move = (event: KeyboardEvent) => {
    const from = (event.target as HTMLElement).dataset.cell?.split(",").map(Number);
    const to = from &&
      nextCell([from[0], from[1]], event.key, { rows: classes.length, columns: classes.length });
    if (!to) return;
    event.preventDefault();
    setFocused(to);
    table.current?.querySelector<HTMLElement>(`[data-cell="${to.join()}"]`)?.focus();
  };
  const cell = (i: number, j: number) => {
    const [count, share] = [counts[i][j], sums[i] === 0 ? 0 : counts[i][j] / sums[i]];
    const style = { "--share": `${Math.round(100 * share)}%` };
    const kind = i === j ? "right" : "";
    const text = formatCount(count);
    if (!onChoose) return <td key={j} class={kind} style={style}>{text}</td>;
    const isChosen = chosen?.[0] === i && chosen[1] === j;
    return (
      <td key={j} class={kind} style={style}>
        <button
          type="button"
          data-cell={`${i},${j}`}
          tabIndex={focused[0] === i && focused[1] === j ? 0 : -1}
          aria-pressed={isChosen}
          aria-label={`True ${classes[i]}, answered ${classes[j]}: ${text}, ${formatShare(share)} of ${
            classes[i]
          }`}
          onFocus={() => setFocused([i, j])}
          onClick={() => onChoose([i, j])}
        >
          {text}
        </button>
      </td>
    );
  };
  return (
    <div class="panel scroll" role="region" aria-label={`Confusion matrix of ${title}`} tabIndex={0}>
      <table class="confusion" ref={table} onKeyDown={onChoose ? move : undefined}>
        <caption class="visually-hidden">
          What each class was taken for by {title}: rows are the truth, columns the answer.
        </caption>
        <thead>
          <tr>
            <th scope="col" class="corner">truth ↓ answer →</th>
            {classes.map((name) => (
              <th key={name} scope="col" class="turned">
                <bdi>{name}</bdi>
              </th>
            ))}
            <th scope="col" class="turned">
              <bdi>all</bdi>
            </th>
          </tr>
        </thead>
        <tbody>
          {classes.map((name, i) => (
            <tr key={name}>
              <th scope="row">
                <bdi>{name}</bdi>
              </th>
              {classes.map((_, j) => cell(i, j))}
              <td class="muted">{formatCount(sums[i])}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
