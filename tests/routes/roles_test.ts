/** What a viewer may and may not, for every route of the contract; and what ends with a session. */

import assert from "node:assert/strict";
import { Access } from "../../routes/access.ts";
import type { RunsAnswer } from "../../routes/wire/runs.ts";
import { documented } from "../helpers/api_answers.ts";
import { assertProblem, type Bench, host, statusOf, withApp } from "../helpers/app_bench.ts";
import { addressOf, withAll } from "../helpers/whole_app.ts";

const secrets = { operatorSecret: "the operator's secret", viewerSecret: "the viewer's secret" };

/** Signs in and gives the cookie back. */
async function enter({ app }: Bench, secret: string): Promise<string> {
  const response = await app.request("/api/session", {
    method: "POST",
    body: JSON.stringify({ secret }),
    headers: { host, origin: `http://${host}`, "content-type": "application/json" },
  });
  assert.equal(response.status, 200);
  return response.headers.get("set-cookie")!.split(";")[0];
}

const closed = documented.filter(({ operation }) => operation.security?.length !== 0);
const isReading = (method: string) => method === "get";

Deno.test("every route says whom it is for: reading is for viewers, but for control; changing for operators", () => {
  const others = closed.filter(({ method, operation }) =>
    operation["x-role"] !== (isReading(method) ? "viewer" : "operator")
  );
  assert.deepEqual(others.map(({ method, path }) => `${method} ${path}`).sort(), [
    "delete /runs/{run}/find",
    "delete /runs/{run}/find/embedding",
    "delete /session",
    "get /control",
    "get /control/job",
    "get /control/log",
    "get /control/settings",
    "post /runs/{run}/find",
    "post /runs/{run}/find/embedding",
  ]);
});

Deno.test("a viewer reads all that viewers should, with what an operator gets", () =>
  withAll(async (bench, fill) => {
    const viewer = await enter(bench, secrets.viewerSecret);
    const operator = await enter(bench, secrets.operatorSecret);
    const forViewers = closed.filter(({ method, operation }) =>
      isReading(method) && operation["x-role"] === "viewer"
    );
    assert.ok(forViewers.length > 35, `${forViewers.length} routes`);
    for (const one of forViewers) {
      const address = addressOf(one, fill);
      const [seen, meant] = await Promise.all([
        bench.ask(address, { cookie: viewer }),
        bench.ask(address, { cookie: operator }),
      ]);
      await Promise.all([seen, meant].map(({ body }) => body?.cancel()));
      assert.deepEqual([seen.status, meant.status], [200, 200], address);
    }
  }, { access: secrets }));

Deno.test("a viewer is refused on every route that is for operators, whatever is sent, and nothing changes", () =>
  withAll(async (bench, fill) => {
    const viewer = await enter(bench, secrets.viewerSecret);
    const before = await (await bench.ask("/api/runs", { cookie: viewer })).json() as RunsAnswer;
    const forOperators = closed.filter(({ operation }) => operation["x-role"] === "operator");
    assert.ok(forOperators.length > 11, `${forOperators.length} routes`);
    const ask = (method: string, address: string, cookie: string) =>
      isReading(method)
        ? bench.ask(address, { cookie })
        : bench.send(method.toUpperCase(), address, { name: "r1", run: "r1", confirm: "r1" }, { cookie });
    for (const one of forOperators) {
      // What does not exist is refused alike: a viewer learns nothing of it.
      const nowhere = "/api" + one.path.replaceAll(/\{\w+\}/g, "none");
      for (const address of [addressOf(one, fill), nowhere]) {
        const { detail } = await assertProblem(await ask(one.method, address, viewer), 403);
        assert.match(detail ?? "", /viewer|operator/i, `${one.method} ${address}`);
      }
    }
    const after = await (await bench.ask("/api/runs", { cookie: viewer })).json() as RunsAnswer;
    assert.deepEqual(after, before);
    // The same is not refused to operators for being who they are; ending all sessions comes last.
    const operator = await enter(bench, secrets.operatorSecret);
    for (const { method, path } of forOperators.toSorted((a, b) => a.path.localeCompare(b.path))) {
      const nowhere = "/api" + path.replaceAll(/\{\w+\}/g, "none");
      const response = await ask(method, nowhere, operator);
      assert.notEqual(response.status, 403, `${method} ${path}`);
      await response.body?.cancel();
    }
  }, { access: secrets }));

Deno.test("a viewer may search and sign out, with the session's token, and not without it", () =>
  withAll(async (bench, fill) => {
    const cookie = await enter(bench, secrets.viewerSecret);
    const forViewers = closed.filter(({ method, operation }) =>
      !isReading(method) && operation["x-role"] === "viewer"
    );
    const inOrder = forViewers.toSorted((a, b) => b.path.length - a.path.length);
    assert.equal(inOrder.at(-1)?.path, "/session");
    for (const { method, path } of inOrder) {
      const body = { text: "four chambers" };
      const bare = await bench.send(method.toUpperCase(), fill(path), body, { cookie, "x-csrf-token": "" });
      await assertProblem(bare, 403);
      const response = await bench.send(method.toUpperCase(), fill(path), body, { cookie });
      assert.notEqual(response.status, 403, `${method} ${path}`);
      assert.notEqual(response.status, 401, `${method} ${path}`);
      await response.body?.cancel();
    }
    await assertProblem(await bench.ask("/api/runs", { cookie }), 401);
  }, { access: secrets }));

/** Waits half a minute at most. */
async function soon(promise: Promise<void>): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("expected within half a minute: the stream ends")), 30_000);
  await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Reads a stream of events until it ends. */
function follow(response: Response): { text: () => string; ended: Promise<void>; hasEnded: () => boolean } {
  let [text, hasEnded] = ["", false];
  const read = async () => {
    for await (const part of response.body!.pipeThrough(new TextDecoderStream())) text += part;
    hasEnded = true;
  };
  return { text: () => text, ended: soon(read()), hasEnded: () => hasEnded };
}

Deno.test("open streams end with the session they were opened in, and with no other", () =>
  withApp(async (bench) => {
    const { ask, send } = bench;
    const cookies = [
      await enter(bench, secrets.viewerSecret),
      await enter(bench, secrets.viewerSecret),
      await enter(bench, secrets.operatorSecret),
    ];
    const events = (cookie: string) => ask("/api/runs/r1/events", { cookie });
    const [own, other, operators] = (await Promise.all(cookies.map(events))).map(follow);
    assert.equal((await send("DELETE", "/api/session", {}, { cookie: cookies[0] })).status, 200);
    await own.ended;
    assert.match(own.text(), /event: state/);
    await assertProblem(await events(cookies[0]), 401);
    assert.deepEqual([other.hasEnded(), operators.hasEnded()], [false, false]);
    // Another page of the same session goes on, too.
    const second = follow(await events(cookies[1]));
    assert.equal((await send("DELETE", "/api/sessions", {}, { cookie: cookies[2] })).status, 200);
    await Promise.all([other.ended, operators.ended, second.ended]);
    for (const cookie of cookies) await assertProblem(await events(cookie), 401);
  }, { access: secrets, mayWrite: true }));

Deno.test("Access by its own clock is not confused when the time of day jumps", () => {
  const access = new Access(secrets);
  const attempt = (address: string, secret = "wrong") => statusOf(() => access.signIn(secret, address));
  const { token } = access.signIn(secrets.operatorSecret, "a");
  const { now } = Date;
  try {
    for (let i = 0; i < 5; i++) assert.equal(attempt("a"), 401);
    // Nobody guesses on because the clock was set forward, and no session ends.
    Date.now = () => now() + 24 * 3_600_000;
    assert.equal(attempt("a"), 429);
    assert.ok(access.sessionOf(token), "the session goes on");
    for (let i = 0; i < 5; i++) assert.equal(attempt("b"), 401);
    // Nobody is kept out, and no session lives for ever, because it was set back.
    Date.now = () => now() - 24 * 3_600_000;
    assert.equal(attempt("b"), 429);
    assert.equal(attempt("c", secrets.operatorSecret), 200);
    assert.ok(access.sessionOf(token));
  } finally {
    Date.now = now;
  }
});
