/** The dashboard in a real browser, on a run folder made of plain arithmetic. */

import assert from "node:assert/strict";
import type { BrowserContextOptions, Page } from "playwright-core";
import { type AppOptions, createApp } from "../../routes/app.ts";
import { defaultFeedTimes } from "../../routes/run_feed.ts";
import { buildDashboard } from "../../static/build.ts";
import { findBrowser, launchBrowser } from "./browser.ts";
import { fakeDataset, type FakeRun, makeFakeRun } from "./fake_run.ts";

const browserPath = findBrowser();
/** What a test's name ends with where it cannot be run. */
export const name = browserPath === null ? " (ignored: no Chromium on this machine)" : "";
/** Whether tests with a browser cannot be run. */
export const ignore = browserPath === null;

/** A server that answers. */
export interface Served {
  url: string;
  close(): Promise<void>;
}

/** Serves the pages built below `root`, and the run's folder. */
export function serve(root: string, run: FakeRun, port = 0, options: Partial<AppOptions> = {}): Served {
  const ending = new AbortController();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port, onListen: () => {} },
    (request) => app.fetch(request),
  );
  const app = createApp({
    runsDirectory: run.runsDirectory,
    allowedHosts: [`127.0.0.1:${server.addr.port}`],
    staticDirectory: `${root}/static`,
    openDataset: () => fakeDataset(),
    feedTimes: { ...defaultFeedTimes, poll: 50, heartbeat: 5000 },
    signal: ending.signal,
    mayWrite: true,
    ...options,
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    close: async () => {
      ending.abort();
      await server.shutdown();
    },
  };
}

/** How a page is opened; `initScript` is run before the page's own. */
export type PageOptions = BrowserContextOptions & { initScript?: string };

/** What a test of the dashboard works with. */
export interface Bench {
  root: string;
  run: FakeRun;
  served: Served;
  /** A page whose console errors, policy violations and requests to elsewhere fail the test at its end. */
  open: (path: string, options?: PageOptions) => Promise<Page>;
  /** What pages complained of. */
  complaints: string[];
}

/** No name but the server's address leads anywhere. */
const offline = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1";

/** Runs a test on a server and a browser of its own. */
export async function withDashboard(
  test: (bench: Bench) => Promise<void>,
  options: Partial<AppOptions> = {},
  browserArguments: readonly string[] = [],
): Promise<void> {
  const root = await Deno.makeTempDir();
  const complaints: string[] = [];
  const browser = await launchBrowser(browserPath!, [offline, ...browserArguments]);
  let bench: Bench | undefined;
  try {
    await buildDashboard(`${root}/static`);
    const run = makeFakeRun(root);
    const served = serve(root, run, 0, options);
    const open = async (path: string, { initScript, ...options }: PageOptions = {}) => {
      const page = await (await browser.newContext(options)).newPage();
      if (initScript !== undefined) await page.addInitScript(initScript);
      page.setDefaultTimeout(90_000);
      page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("request", (request) => {
        const { protocol, origin } = new URL(request.url());
        if (/^(https?|wss?):/.test(protocol) && origin !== served.url) complaints.push(request.url());
      });
      await page.goto(`${served.url}/${path}`);
      return page;
    };
    bench = { root, run, served, open, complaints };
    await test(bench);
    assert.deepEqual(complaints, []);
  } finally {
    await browser.close();
    await bench?.served.close();
    await Deno.remove(root, { recursive: true });
  }
}

/** Waits half a minute at most for something to be so. */
export async function eventually(
  check: () => boolean | Promise<boolean>,
  what: string,
): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (await check()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`expected within 30 s: ${what}`);
}
