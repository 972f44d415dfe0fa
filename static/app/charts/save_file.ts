/** Lets the browser save a file that the page made. @module */

/** Saves bytes under a name, as the browser saves what is downloaded. */
export function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
