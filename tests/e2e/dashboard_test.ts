/** The dashboard's pages in a real browser, on a run folder made of plain arithmetic. */

import assert from "node:assert/strict";
import { resolveRunConfig } from "../../lib/config.ts";
import { MetricStore } from "../../lib/records/metric_store.ts";
import { violations } from "../helpers/accessibility.ts";
import { hashOf, hasPoints, isDrawn, plotOf } from "../helpers/charts.ts";
import { eventually, ignore, name, serve, withDashboard } from "../helpers/dashboard_bench.ts";
import { makeFakeRun, startedEvent, stepEvent } from "../helpers/fake_run.ts";

/** Folder for screenshots; a temporary one that is removed when it is not given. */
const screenshots = Deno.env.get("SONOSPEECH_SCREENSHOTS");

Deno.test({
  name: `dashboard draws a run, follows it live and shows its windows${name}`,
  ignore,
  fn: () =>
    withDashboard(async ({ run, open }) => {
      const page = await open("");
      await page.getByRole("link", { name: /r1/ }).click();
      await page.getByText("Step 240 of 400").waitFor();
      await hasPoints(page, "Contrastive", 240);
      await eventually(() => isDrawn(page, "figure.chart canvas"), "the charts are drawn");
      await page.getByText("chance 3.47").waitFor();
      await page.getByText("× 1 not finite").waitFor();
      await page.getByText("It learns: speech of held-out subjects").waitFor();

      using writer = MetricStore.open(`${run.folder}/metrics.sqlite`);
      for (let step = 241; step <= 250; step++) writer.append(stepEvent(step));
      writer.flush();
      await page.getByText("Step 250 of 400").waitFor();
      await hasPoints(page, "Contrastive", 250);
      const asked = page.waitForResponse(/\/evaluations$/);
      const { kind, split } = { kind: "evaluation", split: "test" } as const;
      writer.append({ kind, step: 120, epoch: 6, split, metrics: {}, chance: {}, folder: "test-120" });
      writer.flush();
      await asked;
      await page.waitForTimeout(200);
      const stands = await page.getByTestId("state-line").textContent();
      assert.match(stands!, /^Step 250 of 400/, "an earlier checkpoint's evaluation takes no step back");

      await page.getByRole("link", { name: "Embedding map" }).click();
      await eventually(() => isDrawn(page, "canvas.map"), "the map is drawn");
      await page.locator("canvas.map").focus();
      await page.keyboard.press("ArrowRight");
      await page.getByText("Window 3000 of scan scan3").waitFor();
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "Window 1 of scan scan3" }).waitFor();

      await page.getByRole("link", { name: "Windows", exact: true }).click();
      await page.getByText("1–12 of 140").first().waitFor();
      await page.getByLabel("Split").selectOption("test");
      await page.getByText("1–12 of 20").first().waitFor();
      await page.getByRole("button", { name: "Next windows" }).first().click();
      await page.getByText("13–20 of 20").first().waitFor();
      await page.getByRole("button", { name: /Play the speech/ }).first().click();
      await page.getByRole("button", { name: /Stop the speech/ }).waitFor();

      await page.getByRole("link", { name: "Data", exact: true }).click();
      await page.getByText("it holds no sound").waitFor();
      assert.ok(!(await page.content()).includes("anna"), "no part of a file's path is shown");
    }),
});

Deno.test({
  name: `dashboard loses and repeats nothing when the server goes away and a run is resumed${name}`,
  ignore,
  fn: () =>
    withDashboard(async (bench) => {
      const { root, run, open, complaints } = bench;
      const page = await open("#/run/r1/training");
      await page.getByText("Step 240 of 400").waitFor();
      await page.getByRole("status").getByText("live").waitFor();
      await bench.served.close();
      await page.getByText("reconnecting…").waitFor();

      using writer = MetricStore.open(`${run.folder}/metrics.sqlite`);
      writer.truncateAfter(200);
      writer.append(startedEvent(200));
      for (let step = 201; step <= 260; step++) writer.append(stepEvent(step));
      writer.flush();
      bench.served = serve(root, run, Number(new URL(bench.served.url).port));
      await page.getByText("Step 260 of 400").waitFor({ timeout: 20_000 });
      await hasPoints(page, "Contrastive", 260);
      await page.getByRole("status").getByText("live").waitFor();
      // The browser itself reports each try that found no server.
      assert.ok(complaints.every((text) => text.includes("ERR_CONNECTION_REFUSED")), complaints.join("\n"));
      complaints.length = 0;
    }),
});

Deno.test({
  name: `dashboard lists, filters, pins, notes, compares and deletes runs${name}`,
  ignore,
  fn: () =>
    withDashboard(async ({ root, run, open }) => {
      const evil = "<img src=x onerror=alert(1)>";
      makeFakeRun(root, { name: "second", steps: 60, lift: 0.5, hasPace: false, config: { seed: 2 } });
      makeFakeRun(root, { name: evil, steps: 20, hasPace: false });
      const page = await open("");
      await page.getByRole("link", { name: evil }).waitFor();
      const row = (name: string) =>
        page.getByRole("row").filter({ has: page.getByRole("link", { name, exact: true }) });
      await page.getByRole("button", { name: "Pin second" }).click();
      await eventually(
        async () => /second/.test((await page.getByRole("row").nth(1).textContent())!),
        "pinned first",
      );
      await page.getByRole("button", { name: "Tags, note and more of second" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("Tags").fill(`short, ${evil}`);
      await dialog.getByLabel("Note").fill(`${evil} worse`);
      await dialog.getByRole("button", { name: "Save" }).click();
      await row("second").getByRole("button", { name: "short" }).waitFor();

      await page.keyboard.press("/");
      await page.keyboard.type("worse");
      await page.getByText("1 of 3").waitFor();
      assert.equal(hashOf(page), "#/?q=worse");
      await page.getByLabel("Filter").fill("");
      await page.getByLabel("Metric").selectOption("retrieval.videoToSpeech.recallAt5");
      await eventually(async () => /step 240/.test((await row("r1").textContent())!), "the metric is shown");

      await page.getByLabel("Compare r1", { exact: true }).click();
      await page.getByLabel("Compare second", { exact: true }).click();
      await page.getByRole("link", { name: "Compare 2 runs" }).click();
      await page.getByRole("rowheader", { name: "seed" }).waitFor();
      assert.equal(await page.getByRole("rowheader").count(), 1, "only what differs");
      await page.getByRole("button", { name: /^Show all/ }).click();
      await page.getByRole("rowheader", { name: "optimizer.learningRate" }).waitFor();
      await hasPoints(page, "Contrastive", 240);
      await plotOf(page, "Contrastive").hover();
      const tip = (await page.locator(".chart-tip").textContent())!;
      assert.ok(tip.includes("r1") && tip.includes("second"), tip);
      await page.goBack();
      await page.goBack();
      await page.getByRole("link", { name: "Compare 2 runs" }).waitFor();

      await page.getByRole("button", { name: `Tags, note and more of ${evil}` }).click();
      await dialog.getByText("Delete this run…").click();
      const remove = dialog.getByRole("button", { name: "Delete the run" });
      await dialog.getByLabel(/^Type/).fill("second");
      assert.equal(await remove.isDisabled(), true);
      await dialog.getByLabel(/^Type/).fill(evil);
      await remove.click();
      await row(evil).waitFor({ state: "detached" });
      const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
      assert.deepEqual(names(run.runsDirectory), ["dashboard.json", "r1", "second", "trash"]);
      assert.ok(names(`${run.runsDirectory}/trash`)[0].startsWith(evil));
      assert.equal(await page.locator("img[src=x]").count(), 0, "no text became markup");
    }),
});

Deno.test({
  name: `dashboard shows who was held back, plays and marks windows${name}`,
  ignore,
  fn: () =>
    withDashboard(async ({ run, open }) => {
      const page = await open("#/run/r1/pace");
      await page.getByRole("slider", { name: "Epoch of the affinity distribution" }).focus();
      await page.keyboard.press("Home");
      await page.getByText("There are none.").waitFor();
      await page.keyboard.press("End");
      await page.getByRole("button", { name: /^Play the speech/ }).first().waitFor();
      assert.ok(hashOf(page).includes("epoch=11"));
      await page.getByLabel("Show").selectOption("1");
      await page.getByLabel("First").selectOption("high");
      await page.getByRole("button", { name: "scan1", exact: true }).click();
      const mark = page.getByRole("button", {
        name: /^about the picture: window \d+ of scan scan1/,
      }).first();
      await mark.click();
      await page.getByText("1 window marked").waitFor();
      assert.equal(await mark.getAttribute("aria-pressed"), "true");
      const download = page.waitForEvent("download");
      await page.getByRole("link", { name: "Marks as CSV" }).click();
      const csv = new TextDecoder().decode(await Deno.readFile(await (await download).path()));
      assert.match(csv, /^window,scan,start_seconds,mark,marked_at\r\n10\d\d,scan1,\d+,related,/);
      await page.getByRole("link", { name: "Windows", exact: true }).click();
      await page.getByText("1–12 of 140").first().waitFor();
      await page.getByText("1 window marked").waitFor();
      await page.getByRole("link", { name: "Marks as CSV" }).waitFor();
      await page.goBack();
      await page.reload();
      await page.getByText("1 window marked").waitFor();
      const stored = JSON.parse(await Deno.readTextFile(`${run.runsDirectory}/dashboard.json`));
      assert.deepEqual(Object.keys(stored.marks), ["d"]);
      await page.getByRole("button", { name: /^Play the speech/ }).first().click();
      await page.getByRole("button", { name: /^Stop the speech/ }).waitFor();
    }),
});

Deno.test({
  name: `dashboard asks for its secret, lets viewers only look, and signs everybody out${name}`,
  ignore,
  fn: () =>
    withDashboard(async ({ open, complaints }) => {
      const page = await open("#/run/r1");
      await page.getByLabel("Secret of this server").fill("not the secret");
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByText("That is not the secret of this server.").waitFor();
      assert.deepEqual(await violations(page), [], "the page to sign in at");
      await page.getByLabel("Secret of this server").fill("the viewer's secret");
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByText("Step 240 of 400").waitFor();
      await page.getByText("viewer", { exact: true }).waitFor();
      await page.goto(`${page.url().split("#")[0]}#/`);
      await page.getByRole("link", { name: "r1" }).waitFor();
      assert.equal(await page.getByRole("button", { name: /^Pin/ }).count(), 0);

      const operator = await open("");
      await operator.getByLabel("Secret of this server").fill("the operator's secret");
      await operator.keyboard.press("Enter");
      await operator.getByRole("button", { name: "Pin r1" }).waitFor();
      await operator.getByRole("button", { name: "Sign everybody out" }).click();
      await operator.getByLabel("Secret of this server").waitFor();
      await page.getByLabel("Secret of this server").waitFor({ timeout: 20_000 });
      // The browser itself reports each refusal.
      assert.ok(complaints.every((text) => text.includes("401")), complaints.join("\n"));
      complaints.length = 0;
    }, {
      access: { operatorSecret: "the operator's secret", viewerSecret: "the viewer's secret" },
    }),
});

Deno.test({
  name: `dashboard is accessible and fits 390 and 1280 pixels, dark and light${name}`,
  ignore,
  fn: () =>
    withDashboard(async ({ root, run, open }) => {
      await Deno.writeTextFile(`${run.folder}/config.json`, JSON.stringify(resolveRunConfig()));
      const folder = screenshots ?? `${root}/screenshots`;
      makeFakeRun(root, { name: "second", lift: 0.5, hasPace: false, config: { seed: 2 } });
      const looks = [[1280, "light"], [1280, "dark"], [390, "light"], [390, "dark"]] as const;
      const views = [
        "",
        "#/run/r1",
        "#/compare?runs=r1&runs=second&settings=all",
        "#/run/r1/map",
        "#/run/r1/pace",
        "#/run/r1/windows",
        "#/run/r1/windows/3004",
        "#/run/r1/data",
        "#/run/r1/settings",
      ];
      for (const [width, colorScheme] of looks) {
        const page = await open("", { viewport: { width, height: 860 }, colorScheme });
        for (const [i, view] of views.entries()) {
          await page.evaluate((hash) => void (location.hash = hash), view);
          const settled =
            "document.querySelector('main section') && !document.body.innerText.includes('Loading…') && " +
            "[...document.images].every((i) => i.complete)";
          await page.waitForTimeout(100);
          await eventually(() => page.evaluate(settled), `${view} is shown`);
          const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
          assert.ok(Number(overflow) <= 0, `${view} is wider than ${width} pixels`);
          await page.screenshot({ path: `${folder}/${width}-${colorScheme}-${i}.png`, fullPage: true });
          // Contrast depends on the scheme, layout on the width: two of the four looks have both.
          const isChecked = (width === 1280) === (colorScheme === "light");
          if (isChecked) assert.deepEqual(await violations(page), [], `${view} at ${width} ${colorScheme}`);
        }
        // No value of a setting is hidden behind an edge.
        const hidden = "(() => { const table = document.querySelector('[aria-label=Settings]'); " +
          "return table.scrollWidth - table.clientWidth; })()";
        assert.equal(await page.evaluate(hidden), 0, `settings fit into ${width} pixels`);
        await page.keyboard.press("?");
        await page.getByRole("heading", { name: "Keys" }).waitFor();
        await page.getByRole("heading", { name: "Words" }).waitFor();
        if (colorScheme === "dark") assert.deepEqual(await violations(page), [], "help");
        const background = await page.evaluate("getComputedStyle(document.body).backgroundColor");
        assert.equal(background, colorScheme === "dark" ? "rgb(13, 19, 22)" : "rgb(245, 247, 248)");
        await page.context().close();
      }
    }),
});
