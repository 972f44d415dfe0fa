import assert from "node:assert/strict";
import { mostQueryBytes } from "../../routes/find_routes.ts";
import { receivedError, sentError, SonospeechError } from "../../lib/errors.ts";
import { speakText } from "../../lib/media/spoken_text.ts";
import { removeStaleQueryFiles, withQueryFile } from "../../routes/query_file.ts";
import type { FindAnswer, FindIndexWire, FindWire } from "../../routes/wire/find.ts";
import type { SessionWire } from "../../routes/wire/session.ts";
import { assertProblem, type Bench, host, withApp } from "../helpers/app_bench.ts";
import { fakeSearch } from "../helpers/fake_search.ts";

const find = "/api/runs/r1/find";

/** Sends a file as a page of the server would. */
async function sendFile(
  { app, ask }: Bench,
  path: string,
  body: BodyInit,
  type: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  const { csrfToken } = await (await ask("/api/session", headers)).json() as SessionWire;
  const own = { host, origin: `http://${host}`, "x-csrf-token": csrfToken ?? "", "content-type": type };
  return await app.request(path, { method: "POST", body, headers: { ...own, ...headers } });
}

async function start({ send, json }: Bench, query = ""): Promise<void> {
  assert.equal((await send("POST", `${find}/embedding${query}`, {})).status, 202);
  assert.equal((await json<FindIndexWire>(`${find}/embedding${query}`)).state, "ready");
}

const hidden = (bench: Bench) =>
  [...Deno.readDirSync(bench.run.runsDirectory)].map(({ name }) => name).filter((name) => name[0] === ".");

Deno.test("find says which datasets can be searched, by keys that tell no path", () =>
  withApp(async ({ json, run }) => {
    const found = await json<FindWire>(find);
    assert.equal(found.problem, null);
    assert.deepEqual(found.datasets.map(({ isOwn, runs, scans, windows }) => [isOwn, runs, scans, windows]), [
      [true, ["r1"], 7, 140],
    ]);
    assert.match(found.datasets[0].key, /^[0-9a-f]{12}$/);
    assert.ok(!JSON.stringify(found).includes(run.datasetPath));
  }, { searchEngine: fakeSearch() }));

Deno.test("find without an engine says what offers searching, and refuses questions", () =>
  withApp(async ({ json, send, ask }) => {
    assert.match((await json<FindWire>(find)).problem!, /command serve/);
    await assertProblem(await ask(`${find}/embedding`), 503);
    await assertProblem(await send("POST", `${find}?by=text`, { text: "femur" }), 503);
  }));

Deno.test("find answers words, ranked, with windows of the dataset, labels and their chance", () => {
  const searchEngine = fakeSearch();
  return withApp(async (bench) => {
    await assertProblem(await bench.send("POST", `${find}?by=text`, { text: "femur" }), 409);
    await start(bench);
    const answer = await (await bench.send("POST", `${find}?by=text&top=3&split=test`, { text: "femur" }))
      .json() as FindAnswer;
    assert.deepEqual(searchEngine.jobs, [{
      question: { kind: "text", text: "femur" },
      top: 3,
      split: "test",
      mostSeconds: 60,
      bytes: undefined,
    }]);
    assert.deepEqual(
      answer.hits.map(({ rank, similarity, window }) => [rank, similarity, window.id, window.scanId]),
      [[1, 0.62, 3003, "scan3"], [2, 0.55, 3004, "scan3"], [3, 0.48, 5010, "scan5"]],
    );
    assert.deepEqual(answer.labelShares, { even: 0.5 });
    assert.ok(!JSON.stringify(answer).includes("anna"), "no subject is named");
    const { place } = { place: searchEngine.places[0] };
    assert.deepEqual([place.among, place.checkpoint, place.dataset], [
      "video",
      "best",
      bench.run.datasetPath,
    ]);
  }, { searchEngine });
});

Deno.test("find hands the engine a sound as a file of its owner alone, and leaves nothing behind", () => {
  const searchEngine = fakeSearch();
  return withApp(async (bench) => {
    await start(bench);
    const bytes = Uint8Array.from({ length: 2000 }, (_, i) => i);
    for (const type of ["audio/webm;codecs=opus", "audio/wav", "video/mp4", "application/ogg"]) {
      assert.equal((await sendFile(bench, `${find}?by=sound`, bytes, type)).status, 200, type);
    }
    assert.equal((await sendFile(bench, `${find}?by=picture`, bytes, "image/png")).status, 200);
    assert.deepEqual(searchEngine.jobs.map(({ question }) => question.kind), [
      ...new Array(4).fill("sound"),
      "picture",
    ]);
    for (const { bytes: read } of searchEngine.jobs) assert.deepEqual(read, bytes);
    assert.deepEqual(hidden(bench), []);
  }, { searchEngine });
});

Deno.test("find refuses what is no question: type, size, names, ids", () => {
  const searchEngine = fakeSearch();
  return withApp(async (bench) => {
    await start(bench);
    const { send } = bench;
    const refused: [path: string, body: BodyInit, type: string, status: number][] = [
      ["by=sound", "x", "text/html", 415],
      ["by=sound", "x", "application/json", 415],
      ["by=sound", "x", "image/png", 415],
      ["by=picture", "x", "audio/wav", 415],
      ["by=sound", "", "audio/wav", 400],
      ["by=sound", new Uint8Array(mostQueryBytes + 1), "audio/wav", 413],
      ["by=../../etc/passwd", "x", "audio/wav", 400],
      ["by=sound&dataset=../../etc", "x", "audio/wav", 404],
      ["by=sound&dataset=%2Fetc", "x", "audio/wav", 404],
      ["by=sound&dataset=__proto__", "x", "audio/wav", 404],
      ["by=sound&among=smell", "x", "audio/wav", 400],
      ["by=sound&checkpoint=../x", "x", "audio/wav", 400],
      ["by=sound&top=0", "x", "audio/wav", 400],
      ["by=sound&top=1e9", "x", "audio/wav", 400],
      ["by=sound&split=secret", "x", "audio/wav", 400],
    ];
    const split = await assertProblem(
      await sendFile(bench, `${find}?by=sound&split=x`, "x", "audio/wav"),
      400,
    );
    assert.match(split.detail!, /split must be one of train, validation, test\./);
    for (const [query, body, type, status] of refused) {
      await assertProblem(await sendFile(bench, `${find}?${query}`, body, type), status);
    }
    for (const body of [{}, { text: 1 }, { text: "x".repeat(301) }, { text: ["a"] }]) {
      await assertProblem(await send("POST", `${find}?by=text`, body), 400);
    }
    for (
      const body of [{ windowId: "1", modality: "video" }, { windowId: 1.5, modality: "video" }, {
        windowId: 1,
      }]
    ) {
      await assertProblem(await send("POST", `${find}?by=window`, body), 400);
    }
    await assertProblem(await send("POST", `/api/runs/..%2fr1/find?by=text`, { text: "a" }), 404);
    await assertProblem(await send("PUT", `${find}?by=text`, { text: "a" }), 405);
    assert.deepEqual(searchEngine.jobs, [], "nothing of it reached the engine");
    assert.deepEqual(hidden(bench), []);
  }, { searchEngine });
});

Deno.test("find stops reading a body that says too little of its length", () => {
  const searchEngine = fakeSearch();
  return withApp(async (bench) => {
    await start(bench);
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array((sent += 1 << 20, 1 << 20))),
    });
    await assertProblem(await sendFile(bench, `${find}?by=sound`, endless, "audio/wav"), 413);
    assert.ok(sent < mostQueryBytes + (4 << 20), `${sent} bytes were read`);
  }, { searchEngine });
});

Deno.test("find lets one ask one question at a time and says when to come again", () => {
  const searchEngine = fakeSearch({ waits: true });
  return withApp(async (bench) => {
    const { send, json, ask } = bench;
    assert.equal((await send("POST", `${find}/embedding`, {})).status, 202);
    const working = await json<FindIndexWire>(`${find}/embedding`);
    assert.deepEqual([working.state, working.done, working.total], ["working", 35, 140]);
    assert.ok(working.secondsLeft! >= 0);
    const other = await send("POST", `${find}/embedding?among=speech`, {});
    assert.ok(Number(other.headers.get("retry-after")) >= 1);
    await assertProblem(other, 503);
    assert.equal((await send("POST", `${find}/embedding`, {})).status, 202, "asking again changes nothing");
    assert.equal(searchEngine.places.length, 1);
    searchEngine.release();
    await ask(`${find}/embedding`);
    const first = send("POST", `${find}?by=text`, { text: "femur" });
    while (searchEngine.jobs.length === 0) await ask(`${find}/embedding`);
    const second = await send("POST", `${find}?by=text`, { text: "heart" });
    assert.equal(second.headers.get("retry-after"), "1");
    await assertProblem(second, 429);
    searchEngine.release();
    assert.equal((await first).status, 200);
    const third = send("POST", `${find}?by=text`, { text: "heart" });
    while (searchEngine.jobs.length === 1) await ask(`${find}/embedding`);
    searchEngine.release();
    assert.equal((await third).status, 200);
  }, { searchEngine });
});

Deno.test("find gives a question up for who asked it, by its name alone", () => {
  const searchEngine = fakeSearch({ waits: true });
  return withApp(async ({ send, ask }) => {
    await send("POST", `${find}/embedding`, {});
    searchEngine.release();
    const given = send("POST", `${find}?by=text&question=first`, { text: "femur" });
    while (searchEngine.jobs.length === 0) await ask(`${find}/embedding`);
    for (const name of ["other", ""]) {
      assert.equal((await send("DELETE", `${find}?question=${name}`, {})).status, 204);
      await assertProblem(await send("POST", `${find}?by=text`, { text: "heart" }), 429);
    }
    await assertProblem(await send("DELETE", `${find}?question=${"x".repeat(41)}`, {}), 400);
    assert.equal((await send("DELETE", `${find}?question=first`, {})).status, 204);
    await assertProblem(await given, 503);
    const next = send("POST", `${find}?by=text&question=second`, { text: "heart" });
    while (searchEngine.jobs.length === 1) await ask(`${find}/embedding`);
    searchEngine.release();
    assert.equal((await next).status, 200);
    assert.equal((await send("DELETE", `${find}?question=second`, {})).status, 204, "it is answered");
  }, { searchEngine });
});

Deno.test("find lets an index be stopped and made again, and says why one cannot be made", async () => {
  const searchEngine = fakeSearch({ waits: true });
  await withApp(async ({ send, json }) => {
    await send("POST", `${find}/embedding`, {});
    const stopped = await (await send("DELETE", `${find}/embedding`, {})).json() as FindIndexWire;
    assert.equal(stopped.state, "absent");
    await send("POST", `${find}/embedding`, {});
    assert.equal((await json<FindIndexWire>(`${find}/embedding`)).state, "working");
    assert.equal(searchEngine.places.length, 2);
  }, { searchEngine });
  await withApp(async ({ send, json, logged }) => {
    await send("POST", `${find}/embedding`, {});
    const failed = await json<FindIndexWire>(`${find}/embedding`);
    assert.deepEqual([failed.state, failed.done], ["failed", 35]);
    assert.match(failed.problem!, /there must be a window to search/);
    const { detail } = await assertProblem(await send("POST", `${find}?by=text`, { text: "a" }), 422);
    assert.match(detail!, /there must be a window to search/);
    assert.equal(logged.length, 1);
  }, { searchEngine: fakeSearch({ refuses: true }) });
});

Deno.test("no line of the log holds what was asked for, a file's name or a path", async () => {
  const name = "Mary Smith";
  const speech = { voice: "slt", sampleRate: 8000 } as const;
  const failures: [fail: () => unknown, status: number, logged: RegExp][] = [
    [() => speakText(`${name}'s femur`, speech), 422, /^Cannot speak the text: it must be English words/],
    [
      () =>
        speakText(`${name}'s femur`, speech).catch((error) =>
          Promise.reject(receivedError(sentError(error)))
        ),
      422,
      /^Cannot speak the text/,
    ],
    [() => JSON.parse(name), 500, /^Unforeseen SyntaxError at find_test\.ts:\d+:\d+/],
    [() => Deno.readTextFile(`/absent/${name}/scan.mp4`), 500, /^Unforeseen NotFound ENOENT at /],
    [() => Promise.reject(`not even an error about ${name}`), 500, /^An error that is none$/],
    [
      () => {
        const action = `look at ${name}.mp4`;
        const publicMessage = "Cannot look at the file: it must be a video";
        throw new SonospeechError("input", { action, must: "", received: name, publicMessage });
      },
      422,
      /^Cannot look at the file: it must be a video$/,
    ],
  ];
  for (const [fail, status, line] of failures) {
    const searchEngine = fakeSearch();
    searchEngine.find = async () => await fail() as never;
    await withApp(async (bench) => {
      await start(bench);
      await assertProblem(await bench.send("POST", `${find}?by=text`, { text: name }), status);
      assert.equal(bench.logged.length, 1);
      assert.match(bench.logged[0], line);
      assert.doesNotMatch(bench.logged[0], /Mary|Smith|femur|scan\.mp4|[\\/]/);
    }, { searchEngine });
  }
});

Deno.test("find keeps four indexes and lets the one go that was not used for longest", () => {
  const searchEngine = fakeSearch();
  return withApp(async (bench) => {
    const places = ["among=video", "among=speech"].flatMap((among) =>
      ["best", "newest"].map((checkpoint) => `?${among}&checkpoint=${checkpoint}`)
    );
    for (const place of places) await start(bench, place);
    await start(bench, places[0]);
    await Deno.mkdir(`${bench.run.folder}/checkpoints`);
    await Deno.writeTextFile(`${bench.run.folder}/checkpoints/best.safetensors`, "another one");
    assert.equal((await bench.json<FindIndexWire>(`${find}/embedding${places[2]}`)).state, "absent");
    await start(bench, places[2]);
    assert.equal(searchEngine.forgotten.length, 1);
    assert.match(searchEngine.forgotten[0], /newest/);
    assert.equal((await bench.json<FindIndexWire>(`${find}/embedding${places[1]}`)).state, "absent");
    assert.equal((await bench.json<FindIndexWire>(`${find}/embedding${places[3]}`)).state, "ready");
  }, { searchEngine });
});

Deno.test("find takes half of the cores, and one while a run trains", () => {
  const searchEngine = fakeSearch();
  return withApp(async (bench) => {
    await start(bench);
    using lock = await Deno.open(`${bench.run.folder}/lock`, { create: true, read: true, write: true });
    assert.equal(await lock.tryLock(true), true);
    assert.equal((await bench.json<FindWire>(find)).isTraining, true);
    await start(bench, "?among=speech");
    assert.deepEqual(searchEngine.threads, [Math.max(1, navigator.hardwareConcurrency >> 1), 1]);
  }, { searchEngine });
});

Deno.test("find lets viewers ask, though only own pages with the session's token", () =>
  withApp(async (bench) => {
    const { app, ask } = bench;
    await assertProblem(await ask(find), 401);
    const origin = `http://${host}`;
    const signedIn = await app.request("/api/session", {
      method: "POST",
      headers: { host, origin, "content-type": "application/json" },
      body: JSON.stringify({ secret: "the viewer's secret" }),
    });
    const cookie = signedIn.headers.get("set-cookie")!.split(";")[0];
    const { csrfToken } = await signedIn.json() as SessionWire;
    const post = (path: string, headers: Record<string, string>) =>
      app.request(path, {
        method: "POST",
        headers: { host, cookie, "content-type": "application/json", ...headers },
        body: JSON.stringify({ text: "femur" }),
      });
    const own = { origin, "x-csrf-token": csrfToken! };
    assert.equal((await post(`${find}/embedding`, own)).status, 202);
    assert.equal((await post(`${find}?by=text`, own)).status, 200);
    await assertProblem(await post(`${find}?by=text`, { origin }), 403);
    await assertProblem(await post(`${find}?by=text`, { ...own, origin: "http://evil.example" }), 403);
    await assertProblem(await post(`${find}?by=text`, { "x-csrf-token": csrfToken! }), 403);
    await assertProblem(await post(`/api/runs/r1/annotation`, own), 403);
  }, {
    searchEngine: fakeSearch(),
    mayWrite: true,
    access: { operatorSecret: "the operator's secret", viewerSecret: "the viewer's secret" },
  }));

Deno.test("datasets are shown by their key as they are by their run", () =>
  withApp(async ({ json, ask }) => {
    const { datasets: [{ key }] } = await json<FindWire>(find);
    const [own, other] = await Promise.all(
      ["runs/r1/dataset", `datasets/${key}`].map((base) =>
        ask(`/api/${base}/windows/3003/strip.png?frames=64`)
      ),
    );
    assert.equal(other.headers.get("content-type"), "image/png");
    assert.deepEqual(await other.bytes(), await own.bytes());
    await assertProblem(await ask(`/api/datasets/${key.slice(1)}/windows`), 404);
    await assertProblem(await ask(`/api/datasets/..%2f..%2fetc/windows`), 404);
    await assertProblem(await ask(`/api/datasets/${key}/windows/3003/strip.png?frames=1000`), 400);
  }, { searchEngine: fakeSearch() }));

Deno.test("the page alone may have the microphone, and nothing else", () =>
  withApp(async ({ ask }) => {
    const policy = async (path: string) => (await ask(path)).headers.get("permissions-policy");
    assert.equal(await policy("/"), "camera=(), geolocation=(), microphone=(self)");
    assert.equal(await policy("/api/runs"), "camera=(), geolocation=(), microphone=()");
    assert.equal(await policy("/none"), "camera=(), geolocation=(), microphone=()");
  }));

Deno.test("withQueryFile() removes its file whatever happens, and a start what a crash left", async () => {
  const root = await Deno.makeTempDir();
  const names = () => [...Deno.readDirSync(root)].map(({ name }) => name).sort();
  try {
    const bytes = Uint8Array.of(1, 2, 3);
    const mode = await withQueryFile(root, bytes, async (path) => {
      assert.deepEqual(await Deno.readFile(path), bytes);
      return (await Deno.stat(path)).mode! & 0o777;
    });
    assert.equal(mode, 0o600);
    const thrown = withQueryFile(root, bytes, () => Promise.reject(new Error("no")));
    await assert.rejects(thrown, /no/);
    assert.deepEqual(names(), []);
    for (const name of [".query-old", "kept", ".other"]) await Deno.writeTextFile(`${root}/${name}`, "");
    await removeStaleQueryFiles(root);
    assert.deepEqual(names(), [".other", ".query-old", "kept"], "it may belong to a search");
    await removeStaleQueryFiles(root, Date.now() + 11 * 60_000);
    assert.deepEqual(names(), [".other", "kept"]);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
