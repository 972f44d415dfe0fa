/** Whether an error only says that work was given up. @module */

/** True for the reasons of `AbortSignal`s: given up, or out of time. */
export function isAborted(error: unknown): boolean {
  return error instanceof DOMException && (error.name === "AbortError" || error.name === "TimeoutError");
}
