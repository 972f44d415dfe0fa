/** The embedding map in a real browser, on embeddings made of plain arithmetic. */

import assert from "node:assert/strict";
import { decode } from "fast-png";
import type { BrowserContextOptions, Page } from "playwright-core";
import { chromium } from "playwright-core";
import { createApp } from "../../routes/app.ts";
import { buildDashboard } from "../../static/build.ts";
import { findBrowser, launchBrowser } from "./browser.ts";
import { fakeDataset, type FakeRun, makeFakeRun } from "./fake_run.ts";

const browserPath = findBrowser();
/** What a test's name ends with where it cannot be run. */
export const name = browserPath === null ? " (ignored: no Chromium on this machine)" : "";
/** Whether tests with a browser cannot be run. */
export const ignore = browserPath === null;
/** Folder for screenshots; a temporary one that is removed when it is not given. */
export const screenshots = Deno.env.get("SONOSPEECH_SCREENSHOTS");

/** Built once for all tests of a file, in a folder that is removed after them. */
let dashboard: Promise<string> | undefined;

/** To be called after all tests of a file. */
export async function removeDashboard(): Promise<void> {
  if (dashboard) await Deno.remove(await dashboard, { recursive: true });
}

async function builtDashboard(): Promise<string> {
  const folder = await Deno.makeTempDir();
  await buildDashboard(folder);
  return folder;
}

export interface Bench {
  root: string;
  run: FakeRun;
  /** A page whose console errors and policy violations fail the test at its end. */
  open: (path: string, options?: BrowserContextOptions) => Promise<Page>;
}

/** @param hasWebgl Whether the browser emulates WebGL; it has none otherwise. */
export async function withMap(
  test: (bench: Bench) => Promise<void>,
  { hasWebgl = false, prepare }: { hasWebgl?: boolean; prepare?: (run: FakeRun) => void } = {},
): Promise<void> {
  const root = await Deno.makeTempDir();
  const complaints: string[] = [];
  const ending = new AbortController();
  const browser = hasWebgl
    ? await chromium.launch({
      executablePath: browserPath!,
      args: ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
    })
    : await launchBrowser(browserPath!);
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (r) => app.fetch(r));
  const run = makeFakeRun(root);
  prepare?.(run);
  const app = createApp({
    runsDirectory: run.runsDirectory,
    allowedHosts: [`127.0.0.1:${server.addr.port}`],
    staticDirectory: await (dashboard ??= builtDashboard()),
    openDataset: () => fakeDataset(),
    signal: ending.signal,
    mayWrite: true,
  });
  try {
    const open = async (path: string, options: BrowserContextOptions = {}) => {
      const viewport = { width: 1280, height: 1100 };
      const page = await (await browser.newContext({ viewport, ...options })).newPage();
      page.setDefaultTimeout(90_000);
      page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
      page.on("pageerror", (error) => complaints.push(String(error)));
      await page.goto(`http://127.0.0.1:${server.addr.port}/${path}`);
      return page;
    };
    await test({ root, run, open });
    assert.deepEqual(complaints, []);
  } finally {
    await browser.close();
    ending.abort();
    await server.shutdown();
    await Deno.remove(root, { recursive: true });
  }
}

export async function eventually(check: () => Promise<boolean>, what: string): Promise<void> {
  for (let i = 0; i < 900; i++) {
    if (await check()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`expected within 45 s: ${what}`);
}

/** What the map shows; colours as numbers. */
export interface Picture {
  width: number;
  pixels: number[];
}

async function pictureOf(page: Page): Promise<Picture> {
  const box = (await page.locator("canvas.map").boundingBox())!;
  const clip = {
    x: Math.ceil(box.x),
    y: Math.ceil(box.y),
    width: Math.floor(box.width) - 1,
    height: Math.floor(box.height) - 1,
  };
  const { data, channels } = decode(await page.screenshot({ clip }));
  const pixels: number[] = [];
  for (let i = 0; i < data.length; i += channels) {
    pixels.push((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
  }
  return { width: clip.width, pixels };
}

const channels = (pixel: number) => [pixel >> 16, (pixel >> 8) & 255, pixel & 255];
export const isClose = (a: number, b: number) =>
  a === b || channels(a).every((value, c) => Math.abs(value - channels(b)[c]) <= 90);

/**
 * How many painted pixels of a picture the other has neither there nor one pixel beside: a map that lies between two
 * rows of pixels, or is painted by another painter, is rounded differently.
 */
export function unlike({ width, pixels }: Picture, other: Picture): number {
  const beside = [-width - 1, -width, -width + 1, -1, 0, 1, width - 1, width, width + 1];
  return pixels.filter((pixel, i) =>
    !isClose(pixel, 0xffffff) && !beside.some((step) => isClose(pixel, other.pixels[i + step] ?? 0xffffff))
  ).length;
}

/** Waits until points are where they go and two pictures of the map in a row are equal, and returns the last. */
export async function restingPicture(page: Page): Promise<Picture> {
  await page.locator("canvas.map:not([aria-busy])").waitFor();
  await page.evaluate("scrollTo(0, 0)");
  let last = await pictureOf(page);
  await eventually(async () => {
    const next = await pictureOf(page);
    const isSame = next.pixels.every((pixel, i) => pixel === last.pixels[i]) && new Set(next.pixels).size > 3;
    last = next;
    return isSame;
  }, "the map has come to rest");
  return last;
}

export const queryOf = (page: Page) => new URLSearchParams(new URL(page.url()).hash.split("?")[1]);
export const isIn = (page: Page, key: string) =>
  eventually(() => Promise.resolve(queryOf(page).has(key)), `${key} is there`);

/** Drags around nearly the whole map. */
export async function encircleAll(page: Page, share = 0.98): Promise<void> {
  const box = (await page.locator("canvas.map").boundingBox())!;
  const [cx, cy] = [box.x + box.width / 2, box.y + box.height / 2];
  const corners: [number, number][] = [[1, 1], [-1, 1], [-1, -1], [1, -1]];
  await page.mouse.move(cx + (share * box.width) / 2, cy);
  await page.mouse.down();
  for (const [x, y] of corners) {
    await page.mouse.move(cx + (x * share * box.width) / 2, cy + (y * share * box.height) / 2, { steps: 3 });
  }
  await page.mouse.up();
}
