/** What a page shows and where: its charts and its address. @module */

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { eventually } from "./dashboard_bench.ts";

/** Waits until the chart with this title has so many points, and checks that it stays so. */
export async function hasPoints(page: Page, title: string, points: number): Promise<void> {
  const chart = page.locator("figure.chart", {
    has: page.getByRole("heading", { name: title, exact: true }),
  });
  const count = async () => Number(await chart.getAttribute("data-points"));
  await eventually(async () => await count() === points, `${title} has ${points} points`);
  await page.waitForTimeout(200);
  assert.equal(await count(), points);
}

/** Whether the canvas holds more than one colour. */
export async function isDrawn(page: Page, selector: string): Promise<boolean> {
  return await page.locator(selector).first().evaluate((element) => {
    const canvas = element as unknown as {
      width: number;
      height: number;
      getContext(kind: "2d"): {
        getImageData(x: number, y: number, w: number, h: number): { data: Uint8ClampedArray };
      };
    };
    if (canvas.width === 0) return false;
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size > 1;
  });
}

/** A chart's plot, by the chart's title. */
export const plotOf = (page: Page, title: string) =>
  page.locator("figure.chart", { has: page.getByRole("heading", { name: title, exact: true }) }).locator(
    ".u-over",
  );

/** What the page's address holds after `#`. */
export const hashOf = (page: Page) => new URL(page.url()).hash;
