import assert from "node:assert/strict";
import { Hono } from "hono";
import { Access } from "../../routes/access.ts";
import { entityTags } from "../../routes/entity_tag.ts";
import type { RunsAnswer } from "../../routes/wire/runs.ts";
import type { SessionWire } from "../../routes/wire/session.ts";
import { assertProblem, type Bench, host, statusOf, withApp } from "../helpers/app_bench.ts";

const secrets = { operatorSecret: "the operator's secret", viewerSecret: "the viewer's secret" };

Deno.test("Access lets in who knows a secret, forgets idle sessions, and takes sessions back", () => {
  let now = 0;
  const access = new Access({ ...secrets, now: () => now });
  const operator = access.signIn(secrets.operatorSecret, "a");
  const viewer = access.signIn(secrets.viewerSecret, "a");
  assert.deepEqual([operator.session.role, viewer.session.role], ["operator", "viewer"]);
  assert.notEqual(operator.token, viewer.token);
  assert.equal(access.sessionOf(operator.token), operator.session);
  for (const token of [undefined, "", "x", operator.session.csrfToken]) {
    assert.equal(access.sessionOf(token), null);
  }
  now += 11 * 3600;
  assert.equal(access.sessionOf(operator.token), operator.session);
  now += 2 * 3600;
  assert.equal(access.sessionOf(viewer.token), null, "unused for 13 hours");
  assert.equal(viewer.session.signal.aborted, true);
  assert.equal(access.sessionOf(operator.token), operator.session, "used 2 hours ago");
  access.signOut(operator.token);
  assert.equal(access.sessionOf(operator.token), null);
  const again = access.signIn(secrets.operatorSecret, "a");
  access.revokeAll();
  assert.deepEqual([access.sessionOf(again.token), again.session.signal.aborted], [null, true]);
});

Deno.test("Access ends the oldest session of the same role where there are too many", () => {
  const access = new Access(secrets);
  const operator = access.signIn(secrets.operatorSecret, "a");
  const viewers = Array.from({ length: 1001 }, () => access.signIn(secrets.viewerSecret, "b"));
  assert.deepEqual([viewers[0].session.signal.aborted, access.sessionOf(viewers[0].token)], [true, null]);
  assert.equal(access.sessionOf(viewers[1].token), viewers[1].session);
  assert.equal(access.sessionOf(operator.token), operator.session);
});

Deno.test("Access slows guessing down, of one address and of many", () => {
  let now = 0;
  const access = new Access({ ...secrets, now: () => now });
  const attempt = (address: string, secret = "wrong") => statusOf(() => access.signIn(secret, address));
  assert.deepEqual(Array.from({ length: 6 }, () => attempt("a")), [401, 401, 401, 401, 401, 429]);
  assert.equal(
    attempt("a", secrets.operatorSecret),
    429,
    "also who knows it waits, or guesses could be told apart",
  );
  assert.equal(attempt("b", secrets.operatorSecret), 200);
  now += 61;
  assert.equal(attempt("a", secrets.operatorSecret), 200);
  for (let i = 0; i < 60; i++) assert.equal(attempt(`address ${i}`), 401);
  assert.equal(attempt("yet another"), 429);
});

Deno.test("Access without secrets lets everybody in as operator", () => {
  const access = new Access({});
  assert.deepEqual([access.needsSecret, access.sessionOf(undefined)?.role], [false, "operator"]);
  access.revokeAll();
  assert.equal(access.sessionOf(undefined)?.role, "operator");
});

/** Signs in and gives the cookie back. */
async function signIn(
  { app }: Bench,
  secret: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return await app.request("/api/session", {
    method: "POST",
    body: JSON.stringify({ secret }),
    headers: { host, origin: `http://${host}`, "content-type": "application/json", ...headers },
  });
}

const cookieOf = (response: Response) => response.headers.get("set-cookie")?.split(";")[0] ?? "";

Deno.test("createApp() with secrets shows nothing but its page to who has not signed in", () =>
  withApp(async (bench) => {
    const { ask } = bench;
    for (
      const path of [
        "/api/runs",
        "/api/runs/r1",
        "/api/runs/none",
        "/api/runs/r1/events",
        "/api/runs/r1/series.csv",
        "/api/runs/r1/marks/marks.csv",
        "/api/runs/r1/pace",
        "/api/runs/r1/dataset/windows/0/speech.wav",
        "/api/runs/r1/dataset/windows/0/frame.png",
        "/api/other",
      ]
    ) {
      await assertProblem(await ask(path), 401);
      await assertProblem(await ask(path, { cookie: "sonospeech_session=x" }), 401);
    }
    assert.equal((await ask("/")).status, 200);
    const session = await (await ask("/api/session")).json() as SessionWire;
    assert.deepEqual(session, {
      role: null,
      needsSecret: true,
      csrfToken: null,
      mayWrite: false,
      mayControl: false,
    });

    await assertProblem(await signIn(bench, "wrong"), 401);
    await assertProblem(await signIn(bench, secrets.viewerSecret, { origin: "http://evil.example" }), 403);
    await assertProblem(await signIn(bench, secrets.viewerSecret, { "content-type": "text/plain" }), 415);
    const entered = await signIn(bench, secrets.viewerSecret);
    const header = entered.headers.get("set-cookie") ?? "";
    assert.match(header, /HttpOnly/);
    assert.match(header, /SameSite=Strict/);
    assert.match(header, /Path=\/(;|$)/);
    assert.doesNotMatch(header, /Secure/);
    const cookie = cookieOf(entered);
    const wire = await entered.json() as SessionWire;
    assert.equal(wire.role, "viewer");
    assert.ok(!cookie.includes(wire.csrfToken!));
    assert.equal((await ask("/api/runs", { cookie })).status, 200);
  }, { access: secrets, mayWrite: true }));

Deno.test("createApp() lets a viewer look and not write, an operator write, and nobody after signing out", () =>
  withApp(async (bench) => {
    const { ask, send } = bench;
    const viewer = cookieOf(await signIn(bench, secrets.viewerSecret));
    const operator = cookieOf(await signIn(bench, secrets.operatorSecret));
    const note = (cookie: string) => send("PATCH", "/api/runs/r1/annotation", { note: "good" }, { cookie });
    await assertProblem(await note(viewer), 403);
    await assertProblem(await send("DELETE", "/api/runs/r1", { name: "r1" }, { cookie: viewer }), 403);
    await assertProblem(
      await send("PUT", "/api/runs/r1/marks/0", { mark: "related" }, { cookie: viewer }),
      403,
    );
    await assertProblem(await send("DELETE", "/api/sessions", {}, { cookie: viewer }), 403);
    assert.equal((await note(operator)).status, 200);

    const events = await ask("/api/runs/r1/events", { cookie: viewer });
    const reading = events.text();
    assert.equal((await send("DELETE", "/api/sessions", {}, { cookie: operator })).status, 200);
    assert.match(await reading, /event: state/, "open streams end with their session");
    await assertProblem(await ask("/api/runs", { cookie: viewer }), 401);
    await assertProblem(await note(operator), 401);
    const again = cookieOf(await signIn(bench, secrets.viewerSecret));
    assert.equal((await send("DELETE", "/api/session", {}, { cookie: again })).status, 200);
    await assertProblem(await ask("/api/runs", { cookie: again }), 401);
  }, { access: secrets, mayWrite: true }));

Deno.test("createApp() refuses to change anything for another site's page, whatever it sends", () =>
  withApp(async (bench) => {
    const { app, ask, send, json } = bench;
    const { csrfToken } = await json<SessionWire>("/api/session");
    const own = {
      host,
      origin: `http://${host}`,
      "content-type": "application/json",
      "x-csrf-token": csrfToken!,
    };
    const attempts: Record<string, string | undefined>[] = [
      { origin: "http://evil.example" },
      { origin: "null" },
      { origin: undefined },
      { origin: `https://${host}` },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { host: "evil.example", origin: "http://evil.example" },
      { "x-csrf-token": undefined },
      { "x-csrf-token": "" },
      { "x-csrf-token": "x".repeat(csrfToken!.length) },
    ];
    for (const [method, path] of [["PATCH", "/api/runs/r1/annotation"], ["DELETE", "/api/runs/r1"]]) {
      for (const attempt of attempts) {
        const headers = Object.entries({ ...own, ...attempt }).filter((one): one is [string, string] =>
          one[1] !== undefined
        );
        await assertProblem(
          await app.request(path, { method, body: `{"note":"x","name":"r1"}`, headers }),
          403,
        );
      }
    }
    const form = { ...own, "content-type": "application/x-www-form-urlencoded" };
    await assertProblem(
      await app.request("/api/runs/r1/annotation", { method: "PATCH", body: "note=x", headers: form }),
      415,
    );
    const { runs } = await json<RunsAnswer>("/api/runs");
    assert.deepEqual(runs[0].annotation, { pinned: false, tags: [], note: "" });
    assert.equal((await send("PATCH", "/api/runs/r1/annotation", { note: "x" })).status, 200);
    assert.equal((await ask("/api/runs/r1")).headers.get("access-control-allow-origin"), null);
  }, { mayWrite: true }));

Deno.test("createApp() changes nothing when it was not asked to", () =>
  withApp(async ({ send, json, run }) => {
    await assertProblem(await send("PATCH", "/api/runs/r1/annotation", { note: "x" }), 403);
    await assertProblem(await send("DELETE", "/api/runs/r1", { name: "r1" }), 403);
    assert.equal((await json<SessionWire>("/api/session")).mayWrite, false);
    assert.deepEqual([...Deno.readDirSync(run.runsDirectory)].map(({ name }) => name), ["r1"]);
  }));

Deno.test("createApp() believes a proxy's headers only from a proxy that was named", () =>
  withApp(async ({ app }) => {
    const asked = (remoteAddress: string, headers: Record<string, string>, path = "/notes/api/runs") =>
      app.request(path, { headers }, { remoteAddress });
    const forwarded = {
      host: "10.0.0.1:80",
      "x-forwarded-host": "sono.example",
      "x-forwarded-proto": "https",
      origin: "https://sono.example",
    };
    assert.equal((await asked("127.0.0.1", forwarded)).status, 401, "ours, but not signed in");
    assert.equal(
      (await asked("::ffff:127.0.0.1", forwarded)).status,
      401,
      "as a socket for both kinds shows it",
    );
    await assertProblem(await asked("10.0.0.7", forwarded), 403);
    await assertProblem(await asked("127.0.0.1", { ...forwarded, "x-forwarded-host": "evil.example" }), 403);
    await assertProblem(await asked("127.0.0.1", { ...forwarded, origin: "http://sono.example" }), 403);

    const enter = (secret: string, client: string) =>
      app.request("/notes/api/session", {
        method: "POST",
        body: JSON.stringify({ secret }),
        headers: { ...forwarded, "content-type": "application/json", "x-forwarded-for": client },
      }, { remoteAddress: "127.0.0.1" });
    const header = (await enter(secrets.operatorSecret, "1.2.3.4")).headers.get("set-cookie") ?? "";
    assert.match(header, /Secure/);
    assert.match(header, /Path=\/notes\/(;|$)/);
    for (let i = 0; i < 5; i++) assert.equal((await enter("wrong", `${i}.6.6.6, 1.2.3.4`)).status, 401);
    assert.equal(
      (await enter("wrong", "9.9.9.9, 1.2.3.4")).status,
      429,
      "what the client claims does not count",
    );
    assert.equal((await enter("wrong", "1.2.3.5")).status, 401);
  }, {
    access: secrets,
    basePath: "/notes",
    allowedHosts: ["sono.example"],
    trustedProxies: ["127.0.0.1"],
  }));

Deno.test("createApp() lives below a base path and nowhere else", () =>
  withApp(async ({ ask, send }) => {
    assert.equal((await ask("/notes/")).status, 200);
    const redirect = await ask("/notes");
    assert.deepEqual([redirect.status, redirect.headers.get("location")], [308, "/notes/"]);
    assert.equal((await ask("/notes/api/runs")).status, 200);
    for (const path of ["/", "/api/runs", "/notesapi/runs", "/notes/../api/runs", "/notes/%2e%2e/api/runs"]) {
      await assertProblem(await ask(path), 404);
    }
    assert.equal((await send("PATCH", "/notes/api/runs/r1/annotation", { pinned: true })).status, 200);
  }, { basePath: "/notes", mayWrite: true }));

Deno.test("entityTags() ends a stream of which only the head is asked for", async () => {
  let ended = 0;
  const app = new Hono().use(entityTags()).get(
    "/",
    () => new Response(new ReadableStream({ cancel: () => void ended++ })),
  );
  assert.equal((await app.request("/", { method: "HEAD" })).status, 200);
  assert.equal(ended, 1);
});

Deno.test("createApp() tags its answers and sends 304 to who has them", () =>
  withApp(async ({ app, ask, send }) => {
    for (const path of ["/api/runs/r1/evaluations", "/api/runs/r1/dataset/windows/0/frame.png"]) {
      const first = await ask(path);
      await first.body?.cancel();
      const tag = first.headers.get("etag") ?? "";
      assert.match(tag, /^"[\w-]{20,}"$/);
      for (const known of [tag, `W/${tag}`, `"other", ${tag}`]) {
        const second = await ask(path, { "if-none-match": known });
        assert.deepEqual([second.status, await second.text(), second.headers.get("etag")], [304, "", tag]);
      }
      const other = await ask(path, { "if-none-match": '"other"' });
      assert.equal(other.status, 200);
      await other.body?.cancel();
    }
    for (const path of ["/", "/api/runs", "/api/runs/r1/dataset/windows/0/frame.png"]) {
      const [whole, head] = [
        await ask(path),
        await app.request(path, { method: "HEAD", headers: { host } }),
      ];
      assert.equal(head.headers.get("content-length"), String((await whole.bytes()).length), path);
      assert.deepEqual([head.body, head.headers.get("etag")], [null, whole.headers.get("etag")]);
    }
    const before = (await ask("/api/runs")).headers.get("etag");
    await send("PATCH", "/api/runs/r1/annotation", { pinned: true });
    assert.notEqual((await ask("/api/runs")).headers.get("etag"), before);
    const wav = "/api/runs/r1/dataset/windows/0/speech.wav";
    const whole = await ask(wav);
    const bytes = await whole.bytes();
    const tag = whole.headers.get("etag")!;
    const part = await ask(wav, { range: "bytes=0-3", "if-range": tag });
    assert.deepEqual([part.status, part.headers.get("etag"), (await part.bytes()).length], [206, tag, 4]);
    const stale = await ask(wav, { range: "bytes=0-3", "if-range": '"other"' });
    assert.deepEqual([stale.status, (await stale.bytes()).length], [200, bytes.length]);
  }, { mayWrite: true }));
