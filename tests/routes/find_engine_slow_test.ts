/** Searches that are really computed: scans that were prepared, ffmpeg, the worker. */

import assert from "node:assert/strict";
import { encode } from "fast-png";
import { searchDataset } from "../../lib/commands/search_session.ts";
import { DatasetReader } from "../../lib/data/dataset_store.ts";
import { createApp } from "../../routes/app.ts";
import { WorkerSearchEngine } from "../../routes/find_engine.ts";
import type { VoiceAnswer } from "../../routes/wire/datasets.ts";
import type { FindAnswer, FindIndexWire } from "../../routes/wire/find.ts";
import type { SessionWire } from "../../routes/wire/session.ts";
import { assertProblem, host } from "../helpers/app_bench.ts";
import { makeSearchableRun } from "../helpers/searchable_run.ts";
import { ffmpeg } from "../lib/media/make_media.ts";

const find = "/api/runs/r1/find";

Deno.test("searching from the page finds what the command finds, and refuses what is no sound or picture", async (t) => {
  const root = await Deno.makeTempDir();
  const ending = new AbortController();
  const dataset: DatasetReader[] = [];
  try {
    const made = await makeSearchableRun(root);
    const app = createApp({
      runsDirectory: made.runsDirectory,
      allowedHosts: [host],
      staticDirectory: root,
      openDataset: (path) => DatasetReader.open(path),
      searchEngine: new WorkerSearchEngine(new URL("../../routes/find_worker.ts", import.meta.url)),
      signal: ending.signal,
      log: () => {},
    });
    const { csrfToken } = await (await app.request("/api/session", { headers: { host } }))
      .json() as SessionWire;
    const post = (query: string, body: BodyInit, type: string) =>
      app.request(`${find}${query}`, {
        method: "POST",
        body,
        headers: { host, origin: `http://${host}`, "x-csrf-token": csrfToken!, "content-type": type },
      });
    const json = async <T>(response: Response | Promise<Response>) => {
      const answer = await response;
      assert.ok(answer.ok, await answer.clone().text());
      return await answer.json() as T;
    };
    const index = async (query: string) => {
      await post(`/embedding${query}`, "", "application/json");
      for (;;) {
        const state = await json<FindIndexWire>(
          app.request(`${find}/embedding${query}`, { headers: { host } }),
        );
        if (state.state !== "working") return state;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    const reader = DatasetReader.open(made.dataset);
    dataset.push(reader);
    const windows = reader.windows();
    const context = {
      workingDirectory: root,
      signal: ending.signal,
      stderr: () => {},
      stdout: () => {},
      isTerminal: false,
      app: { isPacked: false, root, staticDirectory: root },
    };
    const byCommand = async (query: { text?: string; speech?: string; frame?: string }) => {
      const options = { ...query, top: 5, checkpoint: "best", device: "wasm" } as const;
      const { hits } = await searchDataset(made.run, reader, options, context);
      return hits.map(({ window, similarity }) => [window.id, similarity.toFixed(4)]);
    };
    const flat = ({ hits }: FindAnswer) =>
      hits.map(({ window, similarity }) => [window.id, similarity.toFixed(4)]);

    await t.step("the index is made, of all windows with the checkpoint's step", async () => {
      assert.deepEqual(await index(""), {
        ...{ state: "ready", done: windows.length, total: windows.length, secondsLeft: null },
        ...{ step: 40, problem: null },
      });
    });

    await t.step("the voiced spans of a scan are those that its windows' shares came from", async () => {
      for (const { id } of reader.scans()) {
        const path = `/api/runs/r1/dataset/scans/${id}/voice`;
        const { voiced } = await json<VoiceAnswer>(app.request(path, { headers: { host } }));
        for (const { startSeconds, ...window } of reader.windows({ scanId: id })) {
          const end = startSeconds + reader.config.windowSeconds;
          const share = (spans: [number, number][]) =>
            spans.reduce(
              (sum, [a, b]) => sum + Math.max(0, Math.min(b, end) - Math.max(a, startSeconds)),
              0,
            ) /
            reader.config.windowSeconds;
          for (
            const [spans, stored] of [
              [voiced!.webrtc, window.voicedFractionWebrtc],
              [voiced!.energy, window.voicedFractionEnergy],
            ] as const
          ) assert.ok(Math.abs(share(spans) - stored) < 0.05, `${id} at ${startSeconds} s`);
        }
        assert.ok(voiced!.webrtc.length > 0);
      }
    });

    await t.step("words", async () => {
      const body = JSON.stringify({ text: "four chamber view" });
      const answer = await json<FindAnswer>(post("?by=text&top=5", body, "application/json"));
      assert.deepEqual(flat(answer), await byCommand({ text: "four chamber view" }));
      assert.equal(answer.searched, windows.length);
      assert.equal(answer.histogram.reduce((a, b) => a + b, 0), windows.length);
      await assertProblem(
        await post("?by=text", JSON.stringify({ text: "it's: a" }), "application/json"),
        422,
      );
    });

    await t.step("a sound, as a browser records it and as a telephone does", async () => {
      for (
        const [name, type] of [["said.webm", "audio/webm"], ["said.m4a", "audio/mp4"], [
          "said.wav",
          "audio/wav",
        ]]
      ) {
        const path = `${root}/${name}`;
        await ffmpeg("-ss", "2", "-t", "3", "-i", made.videos[0], "-vn", path);
        const answer = await json<FindAnswer>(post("?by=sound&top=5", await Deno.readFile(path), type));
        assert.deepEqual([answer.query, answer.among], ["speech", "video"]);
        assert.deepEqual(flat(answer), await byCommand({ speech: path }), name);
      }
    });

    await t.step("a picture or a video finds speech, and a window knows its own place", async () => {
      const [height, width] = reader.config.frameSize;
      const data = reader.readFrames(windows[3].scanId, windows[3].firstFrame, 1);
      const path = `${root}/frame.png`;
      await Deno.writeFile(path, encode({ width, height, data, channels: 1, depth: 8 }));
      assert.equal((await index("?among=speech")).state, "ready");
      const picture = await json<FindAnswer>(
        post("?by=picture&among=speech&top=5", await Deno.readFile(path), "image/png"),
      );
      assert.deepEqual(flat(picture), await byCommand({ frame: path }));
      const video = await json<FindAnswer>(
        post("?by=picture&among=speech&top=5", await Deno.readFile(made.videos[1]), "video/mp4"),
      );
      assert.deepEqual(flat(video), await byCommand({ frame: made.videos[1] }));
      const ask = (modality: string) =>
        json<FindAnswer>(
          post("?by=window", JSON.stringify({ windowId: windows[3].id, modality }), "application/json"),
        );
      const own = await ask("video");
      assert.deepEqual([own.own!.rank, own.hits[0].window.id], [1, windows[3].id]);
      assert.ok(own.own!.similarity > 0.9999);
      assert.ok((await ask("speech")).own!.rank >= 1);
      const body = JSON.stringify({ windowId: 1, modality: "video" });
      await assertProblem(await post("?by=window", body, "application/json"), 422);
    });

    await t.step("what is no sound or picture", async () => {
      await Deno.writeTextFile(`${root}/runs/r1/secret.wav`, "secret");
      const silence = `${root}/hours.flac`;
      await ffmpeg("-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "7200", silence);
      const hostile: [string, BodyInit, string, RegExp][] = [
        ["sound", "this is no sound", "audio/wav", /listen to the file/],
        ["sound", `#EXTM3U\n#EXTINF:1,\nfile:${root}/hours.flac\n`, "audio/x-mpegurl", /listen to the file/],
        ["sound", `ffconcat version 1.0\nfile ${root}/hours.flac\n`, "audio/wav", /listen to the file/],
        ["sound", await Deno.readFile(`${root}/frame.png`), "audio/wav", /listen to the file/],
        ["sound", await Deno.readFile(silence), "audio/flac", /at most 60 s/],
        ["picture", "this is no picture", "image/png", /look at the file/],
        ["picture", Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 0, 0), "image/png", /whole picture/],
        ["picture", await Deno.readFile(`${root}/said.wav`), "image/png", /look at the file/],
        ["picture", `<svg xmlns="http://www.w3.org/2000/svg"/>`, "image/svg+xml", /look at the file/],
      ];
      for (const [by, body, type, words] of hostile) {
        const { detail } = await assertProblem(await post(`?by=${by}`, body, type), 422);
        assert.match(detail!, words);
      }
    });

    await t.step(
      "an index is stopped while it is made, and a run without checkpoint is refused",
      async () => {
        const query = "?checkpoint=newest";
        await post(`/embedding${query}`, "", "application/json");
        const stopped = await app.request(`${find}/embedding${query}`, {
          method: "DELETE",
          headers: { host, origin: `http://${host}`, "x-csrf-token": csrfToken! },
        });
        assert.equal((await stopped.json() as FindIndexWire).state, "absent");
        await Deno.remove(`${made.run}/checkpoints`, { recursive: true });
        const failed = await index(query);
        assert.match(failed.problem!, /readable checkpoint/);
      },
    );
    assert.deepEqual(
      [...Deno.readDirSync(made.runsDirectory)].map(({ name }) => name),
      ["r1"],
      "nothing is left",
    );
  } finally {
    dataset.forEach((reader) => reader.close());
    ending.abort();
    await Deno.remove(root, { recursive: true });
  }
});
