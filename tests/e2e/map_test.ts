/** What the embedding map shows, in a real browser, on embeddings made of plain arithmetic. */

import assert from "node:assert/strict";
import { selectionText } from "../../static/app/charts/selection_text.ts";
import { violations } from "../helpers/accessibility.ts";
import { fakeEmbeddings } from "../helpers/fake_run.ts";
import {
  encircleAll,
  eventually,
  ignore,
  isClose,
  name,
  type Picture,
  queryOf,
  removeDashboard,
  restingPicture,
  screenshots,
  unlike,
  withMap,
} from "../helpers/map_bench.ts";

Deno.test.afterAll(removeDashboard);

Deno.test({
  name: `the map colours, finds, encircles, lists and saves windows, all of it in the address${name}`,
  ignore,
  fn: () =>
    withMap(async ({ open }) => {
      const page = await open("#/run/r1/map");
      const canvas = page.locator("canvas.map");
      await page.getByText("60 windows, validation, step 240.").waitFor();
      assert.equal(await canvas.getAttribute("data-drawn-with"), "canvas", "there is no WebGL here");
      const byScan = new Set((await restingPicture(page)).pixels);
      assert.ok(byScan.has(0x0072b2) && byScan.has(0xd55e00), "the palette is on the canvas");

      for (
        const [value, legend] of [["affinity", "Affinity"], ["loss", "Contrastive loss"], [
          "voice",
          "Share of voice",
        ]]
      ) {
        await page.getByLabel("Colour").selectOption(value);
        await page.locator(".map-legend").getByText(legend).waitFor();
        const colours = new Set((await restingPicture(page)).pixels);
        assert.ok(!colours.has(0x0072b2), `${value} takes other colours`);
      }
      await page.getByLabel("Colour").selectOption("label");
      await page.getByRole("button", { name: "even", exact: true }).click();
      await page.getByText("30 found").waitFor();
      await page.getByLabel("Find").fill("scan4");
      await page.getByText("10 found").waitFor();
      await page.getByRole("button", { name: "List what is found" }).click();
      await page.getByRole("heading", { name: "10 windows chosen" }).waitFor();
      const listed = Array.from({ length: 10 }, (_, i) => 4000 + 2 * i);
      assert.equal(queryOf(page).get("selected"), selectionText(listed));

      await page.getByLabel("Find").fill("");
      await page.getByRole("button", { name: "even", exact: true }).click();
      await page.getByRole("button", { name: "Clear" }).click();
      await page.getByRole("button", { name: "Lasso" }).click();
      await encircleAll(page);
      await page.getByRole("heading", { name: "60 windows chosen" }).waitFor();
      await page.getByLabel("First").selectOption("loss");
      const losses = await page.locator(".map-list tbody td:nth-child(5)").allTextContents();
      assert.deepEqual(losses.map(Number), losses.map(Number).toSorted((a, b) => b - a));
      await page.getByRole("button", { name: "Next windows" }).click();
      await page.getByText("13–24 of 60").waitFor();

      const download = page.waitForEvent("download");
      await page.getByRole("button", { name: "Save as CSV" }).click();
      const csv = (await Deno.readTextFile(await (await download).path())).trimEnd().split("\r\n");
      assert.equal(
        csv[0],
        "window,scan,start_seconds,label,voice,affinity,loss,video_x,video_y,speech_x,speech_y",
      );
      assert.equal(csv.length, 61);
      const columns = csv.slice(1).map((line) => line.split(","));
      assert.deepEqual(new Set(columns.map(([, scan]) => scan)), new Set(["scan3", "scan4", "scan5"]));
      assert.ok(columns.every((row) => row.slice(4).every((text) => Number.isFinite(Number(text)))));

      const before = await restingPicture(page);
      const address = page.url();
      await page.reload();
      await page.getByText("13–24 of 60").waitFor();
      assert.equal(unlike(await restingPicture(page), before), 0, "the address holds all that is shown");
      await page.getByRole("button", { name: "Clear" }).click();
      await page.goBack();
      assert.equal(page.url(), address);
      await page.getByRole("heading", { name: "60 windows chosen" }).waitFor();
    }),
});

Deno.test({
  name: `the map moves to another evaluation and plays a window's frames with its speech${name}`,
  ignore,
  fn: () =>
    withMap(async ({ open }) => {
      const page = await open("#/run/r1/map");
      await page.getByText("60 windows, validation, step 240.").waitFor();
      const last = await restingPicture(page);
      const slider = page.getByRole("slider", { name: "Evaluation" });
      await slider.focus();
      await page.keyboard.press("Home");
      await page.getByText("60 windows, validation, step 40.").waitFor();
      assert.equal(queryOf(page).get("evaluation"), "validation-40");
      assert.ok(unlike(await restingPicture(page), last) > 300);
      await page.getByRole("button", { name: "Play the evaluations" }).click();
      await page.getByText("60 windows, validation, step 240.").waitFor();
      await page.getByText("Epoch 12, step 240").waitFor();
      assert.equal(unlike(await restingPicture(page), last), 0, "played to the end");

      const canvas = page.locator("canvas.map");
      await canvas.focus();
      await page.keyboard.press("ArrowLeft");
      await page.getByText("Window 5019 of scan scan5").waitFor();
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "Window 20 of scan scan5" }).waitFor();
      assert.equal(queryOf(page).get("window"), "5019");
      const movie = page.locator("canvas.movie");
      const seen = new Set<string>();
      await eventually(async () => {
        const [frame, left] = await Promise.all([
          movie.getAttribute("data-frame"),
          page.locator(".map-window .playhead").getAttribute("style", { timeout: 300 }).catch(() => null),
        ]);
        const share = Number(left?.match(/left: ([\d.]+)%/)?.[1]) / 100;
        // A frame belongs to its eighth of the sound; between the two questions the sound goes on a little.
        if (left && share > 0.02 && share < 0.95) {
          assert.ok(Math.abs(Number(frame) - share * 8) < 2.5, `frame ${frame} at ${share}`);
        }
        seen.add(frame!);
        return seen.size >= 4;
      }, "the frames move");
      await page.getByRole("button", { name: "Close the window" }).click();
      await movie.waitFor({ state: "detached" });
    }),
});

Deno.test({
  name: `the map lays UMAP out in the background, tells how far it is, and stops${name}`,
  ignore,
  fn: () =>
    withMap(async ({ open }) => {
      const page = await open("#/run/r1/map?method=umap");
      await page.getByText("UMAP of 15 neighbours by cosine").waitFor();
      assert.equal(await page.locator(".map-work").count(), 0);
      const umap = await restingPicture(page);
      await page.getByLabel("Layout").selectOption("pca");
      await page.getByText("The first two principal components").waitFor();
      assert.ok(unlike(await restingPicture(page), umap) > 300);
      await page.getByLabel("Layout").selectOption("umap");
      await page.getByText("UMAP of 15 neighbours by cosine").waitFor();
      assert.equal(unlike(await restingPicture(page), umap), 0, "the same layout again");
    }),
});

Deno.test({
  name: `the map keeps the components while UMAP works, and its Stop ends the work${name}`,
  ignore,
  fn: () =>
    withMap(async ({ open }) => {
      const page = await open("#/run/r1/map?method=umap");
      await page.locator(".map-work").waitFor();
      await page.getByText("The first two principal components").waitFor();
      await page.getByRole("button", { name: "Stop" }).click();
      await page.locator(".map-work").waitFor({ state: "detached" });
      assert.equal(queryOf(page).has("method"), false);
    }, {
      // Enough for the work to take minutes, so that it is still going on when Stop is pressed.
      prepare: (run) => {
        const windows = Array.from({ length: 20_000 }, (_, i) => ({
          id: 3000 + i,
          scanId: `scan${3 + (i % 3)}`,
          startSeconds: i,
        }));
        for (const step of [200, 240]) {
          const path = `${run.folder}/evaluations/validation-${step}/embeddings.safetensors`;
          Deno.writeFileSync(path, fakeEmbeddings(windows, step));
        }
      },
    }),
});

Deno.test({
  name: `the map looks alike on WebGL and on a plain canvas${name}`,
  ignore,
  fn: () =>
    withMap(async ({ root, open }) => {
      const pictures: Picture[] = [];
      for (const draw of ["webgl", "canvas"]) {
        const page = await open(`#/run/r1/map?draw=${draw}&pairs=1`, { reducedMotion: "reduce" });
        await page.getByText("60 windows, validation, step 240.").waitFor();
        assert.equal(await page.locator("canvas.map").getAttribute("data-drawn-with"), draw);
        pictures.push(await restingPicture(page));
        await page.screenshot({ path: `${screenshots ?? root}/map-${draw}.png` });
      }
      const [webgl, canvas] = pictures;
      const inked = webgl.pixels.filter((pixel) => !isClose(pixel, 0xffffff)).length;
      const different = [unlike(webgl, canvas), unlike(canvas, webgl)];
      console.log(`  of ${inked} painted pixels ${different.join(" and ")} have no counterpart`);
      assert.ok(inked > 1000 && different.every((count) => count < inked / 50));
    }, { hasWebgl: true }),
});

Deno.test({
  name: `the map is accessible and fits 390 and 1280 pixels, dark and light${name}`,
  ignore,
  fn: () =>
    withMap(async ({ root, open }) => {
      const looks = [[1280, "light"], [1280, "dark"], [390, "light"], [390, "dark"]] as const;
      for (const [width, colorScheme] of looks) {
        const ids = Array.from({ length: 11 }, (_, i) => 3000 + i);
        const selected = `&selected=${selectionText(ids)}&window=3004`;
        const page = await open(`#/run/r1/map?colour=${width === 390 ? "loss" : "scan"}${selected}`, {
          viewport: { width, height: 860 },
          colorScheme,
        });
        await page.getByRole("heading", { name: "Window 5 of scan scan3" }).waitFor();
        await page.getByRole("heading", { name: "11 windows chosen" }).waitFor();
        await eventually(
          () => page.evaluate("[...document.images].every((i) => i.complete)"),
          "all pictures are here",
        );
        await restingPicture(page);
        const overflow = Number(await page.evaluate("document.documentElement.scrollWidth - innerWidth"));
        assert.ok(overflow <= 0, `wider than ${width} pixels by ${overflow}`);
        await page.locator("canvas.map").focus();
        await page.keyboard.press("ArrowRight");
        await page.getByText(/^Window 30\d\d of scan scan3$/).waitFor();
        await page.screenshot({
          path: `${screenshots ?? root}/map-${width}-${colorScheme}.png`,
          fullPage: true,
        });
        assert.deepEqual(await violations(page), [], `${width} ${colorScheme}`);
        await page.context().close();
      }
    }),
});
