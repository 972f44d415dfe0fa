/**
 * Moving through a grid of cells by the keyboard, as in a table of figures: one cell at a time has the focus.
 *
 * @module
 */

/** A cell by its row and column, from 0. */
export type GridCell = readonly [row: number, column: number];

/** Where a key leads from a cell of a grid of `rows` × `columns`; undefined where it does nothing. */
export function nextCell(
  [row, column]: GridCell,
  key: string,
  { rows, columns }: { rows: number; columns: number },
): GridCell | undefined {
  const last = [rows - 1, columns - 1];
  const to = new Map<string, GridCell>([
    ["ArrowLeft", [row, column - 1]],
    ["ArrowRight", [row, column + 1]],
    ["ArrowUp", [row - 1, column]],
    ["ArrowDown", [row + 1, column]],
    ["Home", [row, 0]],
    ["End", [row, last[1]]],
  ]).get(key);
  if (!to) return undefined;
  return [Math.min(last[0], Math.max(0, to[0])), Math.min(last[1], Math.max(0, to[1]))];
}
