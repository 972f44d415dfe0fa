/** The charts of a run in a real browser: zoom, files, the address, and a million points. */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { hashOf, hasPoints, plotOf } from "../helpers/charts.ts";
import { eventually, ignore, name, withDashboard } from "../helpers/dashboard_bench.ts";

Deno.test({
  name: `dashboard zooms all charts together, saves them, and keeps it all in the address${name}`,
  ignore,
  fn: () =>
    withDashboard(async ({ open }) => {
      const page = await open("#/run/r1");
      await hasPoints(page, "Total", 240);
      const box = (await plotOf(page, "Total").boundingBox())!;
      const at = (share: number) => [box.x + share * box.width, box.y + box.height / 2] as const;
      await page.mouse.move(...at(0.25));
      await page.mouse.down();
      await page.mouse.move(...at(0.5), { steps: 4 });
      await page.mouse.up();
      await eventually(() => Promise.resolve(hashOf(page).includes("from=")), "the zoom is in the address");
      const query = new URLSearchParams(hashOf(page).split("?")[1]);
      assert.ok(
        Math.abs(Number(query.get("from")) - 60.75) < 6 && Math.abs(Number(query.get("to")) - 120.5) < 6,
      );
      await plotOf(page, "Contrastive").hover();
      const tip = page.locator(".chart-tip");
      const step = Number((await tip.locator("b").first().textContent())!.replace(/\D/g, ""));
      assert.ok(step > 55 && step < 130, `the other charts show the same stretch, middle ${step}`);

      await page.getByLabel("Across").selectOption("epoch");
      await page.getByRole("button", { name: "log y" }).click();
      assert.equal(hashOf(page), "#/run/r1?x=epoch&logy=1");
      await page.goBack();
      assert.equal(hashOf(page), "#/run/r1?x=epoch");
      await page.goBack();
      assert.ok(hashOf(page).includes("from="));
      await page.reload();
      await page.getByRole("button", { name: "Show all" }).waitFor();
      await plotOf(page, "Total").dblclick();
      await page.getByRole("button", { name: "Show all" }).waitFor({ state: "detached" });
      await page.getByRole("application", { name: /^Total up to/ }).focus();
      await page.keyboard.press("+");
      await page.getByRole("button", { name: "Show all" }).waitFor();

      const saved = async (chart: string, kind: string) => {
        await page.getByLabel(`Save the chart ${chart}`, { exact: true }).click();
        const download = page.waitForEvent("download");
        await page.locator(".menu[open]").getByText(kind, { exact: true }).click();
        return await Deno.readFile(await (await download).path());
      };
      const text = new TextDecoder();
      assert.deepEqual(
        [...(await saved("Total", "PNG")).slice(1, 4)],
        [..."PNG"].map((c) => c.charCodeAt(0)),
      );
      assert.match(
        text.decode(await saved("Contrastive", "SVG")),
        /^<svg [\s\S]*chance|stroke-dasharray="5 5"/,
      );
      const csv = text.decode(await saved("Frame order", "CSV")).split("\r\n");
      assert.equal(csv[0], "step,seconds_since_1970,loss.order");
      assert.match(csv[77], /^77,[\d.]+,NaN$/);
    }),
});

Deno.test({
  name: `dashboard draws a million points a series, every spike of them, without long pauses${name}`,
  ignore,
  fn: () =>
    withDashboard(async ({ run, open }) => {
      const database = new DatabaseSync(`${run.folder}/metrics.sqlite`);
      database.exec(`
        DELETE FROM metric; DELETE FROM event WHERE kind = 'step';
        INSERT INTO metric_name (name) VALUES ('big') ON CONFLICT DO NOTHING;
        INSERT INTO event (id, time, kind, step, body) VALUES (900001, 1e9, 'step', 1, '{"metrics":{}}');
        WITH RECURSIVE step(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM step WHERE i < 1000000)
        INSERT INTO metric SELECT (SELECT id FROM metric_name WHERE name = n.name), i, 900001,
          CASE WHEN i = 654321 THEN 50.0 WHEN i = 777 THEN NULL ELSE 2 + (i % 7) * 0.01 END
        FROM step, (SELECT 'loss.total' AS name UNION SELECT 'big') AS n;
      `);
      database.close();
      const page = await open("#/run/r1", { acceptDownloads: false });
      await page.evaluate(`
        globalThis.longest = 0;
        new PerformanceObserver((list) => list.getEntries().forEach((one) =>
          globalThis.longest = Math.max(globalThis.longest, one.duration))).observe({ entryTypes: ["longtask"] });
      `);
      await page.getByRole("heading", { name: "big" }).waitFor({ timeout: 60_000 });
      const chart = page.locator("figure.chart", { has: page.getByRole("heading", { name: "big" }) });
      const count = Number(await chart.getAttribute("data-points"));
      assert.ok(count > 900 && count <= 1500, `${count} points`);
      await chart.getByText("× 1 not finite").waitFor();
      await page.goto(`${page.url()}?from=654311&to=654331`);
      await eventually(
        async () => Number(await chart.getAttribute("data-points")) > count + 10,
        "the detail is here",
      );
      await chart.scrollIntoViewIfNeeded();
      const box = (await chart.locator(".u-over").boundingBox())!;
      for (let i = 0; i <= 20; i++) await page.mouse.move(box.x + (i / 20) * box.width, box.y + 30);
      await page.mouse.move(box.x + box.width / 2, box.y + 30);
      const tip = page.locator(".chart-tip");
      assert.match((await tip.textContent())!, /step 654,321value50\.0/);
      const longest = Number(await page.evaluate("longest"));
      console.log(`  longest task of the page: ${Math.round(longest)} ms`);
      assert.ok(longest < 3000, `${longest} ms`);
    }),
});
