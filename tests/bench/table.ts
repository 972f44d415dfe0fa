/**
 * Plain text in columns.
 *
 * @module
 */

/** Rows under a head; a row that ends early lets its last cell run on over the other columns. */
export function columns(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const whole = rows.filter((row) => row.length === head.length);
  const firsts = rows.filter((row) => row.length < head.length && row.length > 1);
  const widths = head.map((title, i) => {
    const cells = [...whole, ...firsts.filter((row) => i < row.length - 1)].map((row) => row[i]);
    return Math.max(title.length, ...cells.map((cell) => cell.length));
  });
  const line = (row: readonly string[]) => row.map((cell, i) => cell.padEnd(widths[i])).join("  ").trimEnd();
  return [head, ...rows].map(line).join("\n");
}

/** Milliseconds with as many digits as tell something. */
export function milliseconds(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** Bytes in MiB. */
export function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}

/** A share in percent. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}
