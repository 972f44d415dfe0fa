/**
 * Asks the server.
 *
 * @module
 */

import type { Problem } from "../../routes/api.ts";

/** The address of a run's part of the API. */
export function runPath(run: string, rest = ""): string {
  return `/api/runs/${encodeURIComponent(run)}${rest}`;
}

/**
 * The JSON at an address.
 *
 * @throws Error in the server's words when it refuses, or when it cannot be reached.
 */
export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { signal });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Error("The server cannot be reached.");
  }
  if (response.ok) return await response.json() as T;
  const problem = await response.json().catch(() => null) as Problem | null;
  throw new Error(problem?.detail ?? `The server answered ${response.status}.`);
}

/** The address of a window's picture or sound. */
export function windowMedia(run: string, id: number, file: string): string {
  return runPath(run, `/dataset/windows/${id}/${file}`);
}
