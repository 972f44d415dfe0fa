/** Searching from the page in a real browser: scans that were prepared, ffmpeg, a microphone that hears a file. */

import assert from "node:assert/strict";
import type { BrowserContextOptions, Page } from "playwright-core";
import { DatasetReader } from "../../lib/data/dataset_store.ts";
import { type AppOptions, createApp } from "../../routes/app.ts";
import { WorkerSearchEngine } from "../../routes/find_engine.ts";
import { defaultFeedTimes } from "../../routes/run_feed.ts";
import { buildDashboard } from "../../static/build.ts";
import { violations } from "../helpers/accessibility.ts";
import { findBrowser, launchBrowser } from "../helpers/browser.ts";
import { fakeSearch } from "../helpers/fake_search.ts";
import { fakeDataset, makeFakeRun } from "../helpers/fake_run.ts";
import { makeSearchableRun } from "../helpers/searchable_run.ts";
import { ffmpeg } from "../lib/media/make_media.ts";

const browserPath = findBrowser();
const name = browserPath === null ? " (ignored: no Chromium on this machine)" : "";
const ignore = browserPath === null;
/** Folder for screenshots; a temporary one that is removed when it is not given. */
const screenshots = Deno.env.get("SONOSPEECH_SCREENSHOTS");

/** A server and a browser; what pages complain of fails the test, and so does any request to elsewhere. */
async function withPages(
  root: string,
  options: Omit<AppOptions, "allowedHosts" | "staticDirectory">,
  test: (open: (hash: string, options?: BrowserContextOptions) => Promise<Page>) => Promise<void>,
  browserArguments: readonly string[] = [],
): Promise<void> {
  const ending = new AbortController();
  const complaints: string[] = [];
  await buildDashboard(`${root}/static`);
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => app.fetch(request),
  );
  const host = `127.0.0.1:${server.addr.port}`;
  const app = createApp({
    ...options,
    allowedHosts: [host],
    staticDirectory: `${root}/static`,
    feedTimes: { ...defaultFeedTimes, poll: 50, heartbeat: 5000 },
    signal: ending.signal,
  });
  const browser = await launchBrowser(browserPath!, browserArguments);
  try {
    await test(async (hash, options = {}) => {
      const page = await (await browser.newContext(options)).newPage();
      page.setDefaultTimeout(90_000);
      page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("request", (request) => new URL(request.url()).host !== host && complaints.push(request.url()));
      await page.goto(`http://${host}/${hash}`);
      return page;
    });
    assert.deepEqual(complaints, []);
  } finally {
    await browser.close();
    ending.abort();
    await server.shutdown();
  }
}

async function eventually(check: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let i = 0; i < 1200; i++) {
    if (await check()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`expected within 60 s: ${what}`);
}

const hits = (page: Page) => page.getByRole("list", { name: /^Windows found/ }).getByRole("listitem");

Deno.test({
  name: `find takes words, files, speech and windows, and plays what it found${name}`,
  ignore,
  fn: async () => {
    const root = await Deno.makeTempDir();
    try {
      const made = await makeSearchableRun(root);
      await ffmpeg(
        "-ss",
        "2",
        "-t",
        "3",
        "-i",
        made.videos[0],
        "-vn",
        "-ac",
        "1",
        "-ar",
        "48000",
        `${root}/said.wav`,
      );
      const engine = new WorkerSearchEngine(new URL("../../routes/find_worker.ts", import.meta.url));
      const asked: string[] = [];
      const { find } = engine;
      engine.find = (key, job, signal) => {
        asked.push(
          "path" in job.question
            ? `${job.question.kind} ${Deno.statSync(job.question.path).size > 1000}`
            : job.question.kind,
        );
        return find.call(engine, key, job, signal);
      };
      await withPages(root, {
        runsDirectory: made.runsDirectory,
        openDataset: (path) => DatasetReader.open(path),
        searchEngine: engine,
      }, async (open) => {
        const page = await open("#/run/r1/find", { permissions: ["microphone"] });
        /** Waits until the last of so many questions is answered with windows. */
        const answered = async (questions: string[]) => {
          await eventually(() => asked.length === questions.length, `${questions}, asked were ${asked}`);
          await hits(page).first().waitFor();
          assert.deepEqual(asked, questions);
        };
        await page.getByRole("button", { name: "Hold and speak" }).waitFor();
        await page.keyboard.press("/");
        await page.keyboard.type("four chamber view");
        await page.keyboard.press("Enter");
        await hits(page).nth(11).waitFor();
        assert.equal(new URL(page.url()).hash, "#/run/r1/find?q=four+chamber+view");
        await page.getByText("Searched the pictures of 18 windows with speech").waitFor();
        const play = hits(page).first().getByRole("button", { name: /^(Play|Stop) window .*, number 1,/ });
        const still = Number(await play.getAttribute("data-frame"));
        await play.press("Enter");
        await eventually(async () => Number(await play.getAttribute("data-frame")) > still, "it moves");
        // Two seconds of speech may be over before a key is pressed.
        await eventually(
          async () => await play.getAttribute("aria-pressed") === "false",
          "it ends by itself",
        );

        const speak = page.getByRole("button", { name: /^Hold and speak|^Listening/ });
        const box = (await speak.boundingBox())!;
        await page.mouse.move(box.x + 10, box.y + 10);
        await page.mouse.down();
        await page.getByRole("button", { name: "Listening… 2 s" }).waitFor();
        await page.mouse.up();
        await page.getByText("Searching with what was just said").waitFor();
        await answered(["text", "sound true"]);
        await speak.press("Enter");
        await page.getByRole("button", { name: "Listening… 1 s" }).waitFor();
        await speak.press("Enter");
        const three = ["text", "sound true", "sound true"];
        await answered(three);

        const choose = page.locator("input[type=file]");
        await choose.setInputFiles(`${root}/said.wav`);
        await page.getByText("Searching with said.wav").waitFor();
        await answered([...three, "sound true"]);
        await page.getByLabel("Of a video counts").selectOption("video");
        await choose.setInputFiles(made.videos[1]);
        await page.getByText("Searched the speech of").waitFor();
        await answered([...three, "sound true", "picture true"]);

        const reader = DatasetReader.open(made.dataset);
        const [spoken] = reader.windows().sort((a, b) => b.voicedFractionWebrtc - a.voicedFractionWebrtc);
        reader.close();
        await page.goto(page.url().split("#")[0] + `#/run/r1/windows/${spoken.id}`);
        await page.getByRole("link", { name: "Speech that fits its picture" }).click();
        await page.getByText(/The window's own speech came/).waitFor();
        await page.reload();
        await page.getByText(/The window's own speech came/).waitFor();
        await hits(page).first().getByRole("button", { name: /^Search with this: what is said in/ }).click();
        await page.getByText("Searched the pictures of 18 windows with speech").waitFor();
        assert.ok(new URL(page.url()).hash.includes("of=speech"));
      }, [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        `--use-file-for-fake-audio-capture=${root}/said.wav`,
      ]);
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  },
});

Deno.test({
  name:
    `find tells progress and can be stopped, is accessible and fits 390 and 1280 pixels, dark and light${name}`,
  ignore,
  fn: async () => {
    const root = await Deno.makeTempDir();
    try {
      const folder = screenshots ?? `${root}/screenshots`;
      const run = makeFakeRun(root);
      const searchEngine = fakeSearch({ waits: true });
      await withPages(root, {
        runsDirectory: run.runsDirectory,
        openDataset: () => fakeDataset(),
        searchEngine,
      }, async (open) => {
        const looks = [[1280, "light"], [1280, "dark"], [390, "light"], [390, "dark"]] as const;
        let asked = 0;
        for (const [width, colorScheme] of looks) {
          const page = await open("#/run/r1/find", { viewport: { width, height: 860 }, colorScheme });
          await page.getByRole("button", { name: "Hold and speak" }).waitFor();
          const isFirst = searchEngine.places.length === 0;
          await page.goto(`${page.url()}?q=heart`);
          if (isFirst) {
            await page.getByText("35 of 140").waitFor();
            assert.deepEqual(await violations(page), [], "while windows are embedded");
            await page.getByRole("button", { name: "Stop" }).click();
            await page.getByText("Stopped.").waitFor();
            await page.getByRole("button", { name: "Go on" }).click();
            await page.getByText("35 of 140").waitFor();
            searchEngine.release();
            await page.getByRole("progressbar", { name: "Searching" }).waitFor();
            await page.getByText(/^Searching… [1-9]/).waitFor();
            assert.deepEqual(await violations(page), [], "while it searches");
            await page.getByRole("button", { name: "Stop" }).click();
            await page.getByText("Stopped.").waitFor();
            // Nobody has let the first question go on: the server gave it up, else the second would wait.
            await page.getByRole("button", { name: "Go on" }).click();
          }
          asked += isFirst ? 2 : 1;
          await eventually(() => searchEngine.jobs.length === asked, "it is asked");
          searchEngine.release();
          await page.getByText("Searched the pictures of").waitFor();
          await eventually(() => page.evaluate("[...document.images].every((i) => i.complete)"), "pictures");
          const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
          assert.ok(Number(overflow) <= 0, `wider than ${width} pixels`);
          await page.screenshot({ path: `${folder}/find-${width}-${colorScheme}.png`, fullPage: true });
          assert.deepEqual(await violations(page), [], `${width} ${colorScheme}`);
          await page.context().close();
        }
      });
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  },
});
