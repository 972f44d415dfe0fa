/** A real browser for page tests. */

import { type Browser, chromium } from "playwright-core";

const candidates = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Where Chromium is, or null when this machine has none. */
export function findBrowser(): string | null {
  for (const path of candidates) {
    try {
      if (Deno.statSync(path).isFile) return path;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return null;
}

/** Starts the browser; pages draw on plain canvases, which need no graphics adapter, nor one in software. */
export async function launchBrowser(executablePath: string, more: readonly string[] = []): Promise<Browser> {
  return await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", ...more],
  });
}
