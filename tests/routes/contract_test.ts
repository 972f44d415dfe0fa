import assert from "node:assert/strict";
import { Validator } from "@seriousme/openapi-schema-validator";
import type { StartRequest } from "../../routes/wire/control.ts";
import { answerSchema, apiDocument, assertMatches, documented } from "../helpers/api_answers.ts";
import { host, jobEnded, withApp } from "../helpers/app_bench.ts";
import { addressOf, withAll } from "../helpers/whole_app.ts";

Deno.test("openapi.json is a valid document of OpenAPI 3.1, whose operations have names of their own", async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate({ ...structuredClone(apiDocument) });
  assert.ok(valid, JSON.stringify(errors));
  assert.equal(validator.version, "3.1");
  const names = documented.map(({ operation }) => operation.operationId);
  assert.equal(new Set(names).size, names.length);
  for (const { path, method, operation } of documented) {
    assert.ok(operation.summary, `${method} ${path} has a sentence`);
    for (const { name, description } of operation.parameters) assert.ok(description, `${path} ${name}`);
  }
});

Deno.test("openapi.json names every route of the application, and none besides", () =>
  withAll(({ app }) => {
    const registered = app.routes
      .filter(({ method, path }) => method !== "ALL" && path.startsWith("/api/"))
      .map(({ method, path }) => `${method.toLowerCase()} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
    const named = documented.map(({ method, path }) => `${method} /api${path}`);
    assert.deepEqual([...new Set(registered)].sort(), named.sort());
    return Promise.resolve();
  }));

Deno.test("every GET answers in the form that openapi.json says", () =>
  withAll(async ({ ask }, fill) => {
    const asked = documented.filter(({ method, path }) => method === "get" && !path.endsWith("/events"));
    assert.ok(asked.length > 35);
    for (const one of asked) {
      const response = await ask(addressOf(one, fill));
      assert.equal(response.status, 200, `${one.path}: ${response.status}`);
      const type = response.headers.get("content-type")!.split(";")[0];
      const schema = answerSchema(one, 200, type);
      assert.ok(schema, `${one.path} answers ${type}`);
      const body = await response.text();
      if (type === "application/json") assertMatches(JSON.parse(body), schema, one.path);
      if (type === "application/x-ndjson") {
        for (const line of body.trimEnd().split("\n")) assertMatches(JSON.parse(line), schema, one.path);
      }
    }
  }));

Deno.test("the event stream sends messages in the form that openapi.json says", () =>
  withAll(async ({ ask }) => {
    const route = documented.find(({ path }) => path === "/runs/{run}/events")!;
    const schema = answerSchema(route, 200, "text/event-stream");
    const response = await ask("/api/runs/r1/events?cursor=0");
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("id: 259")) text += (await reader.read()).value;
    await reader.cancel();
    const messages = [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data));
    assert.ok(messages.length > 259);
    for (const message of messages) assertMatches(message, schema, "an event");
  }));

Deno.test("what changes something answers in the form that openapi.json says", () =>
  withAll(async (bench, fill) => {
    const { ask, send } = bench;
    const start: StartRequest = {
      ...{ run: "new", dataset: "fetal", preset: "tiny", device: "wasm", settings: [], skipGates: false },
    };
    const steps: [method: string, path: string, body: object, status: number, query?: string][] = [
      ["patch", "/runs/{run}/annotation", { pinned: true, tags: ["a"], note: "n" }, 200],
      ["put", "/runs/{run}/marks/{window}", { mark: "related" }, 200],
      ["get", "/runs/{run}/marks", {}, 200],
      ["put", "/runs/{run}/marks/{window}", { mark: null }, 200],
      ["post", "/runs/{run}/find/embedding", {}, 202],
      ["get", "/runs/{run}/find/embedding", {}, 200],
      ["post", "/runs/{run}/find", { text: "four chambers" }, 200, "?by=text&top=3"],
      ["delete", "/runs/{run}/find", {}, 204, "?question=asked-before"],
      ["delete", "/runs/{run}/find/embedding", {}, 200],
      ["post", "/control/check", { ...start, device: "x" }, 200],
      ["post", "/control/start", { ...start, device: "x", confirm: "new" }, 400],
      ["post", "/control/start", { ...start, confirm: "new" }, 202],
      ["get", "/control/job", {}, 200],
      ["get", "/control/log", {}, 200],
      ["post", "/control/stop", { run: "new", confirm: "new" }, 202],
      ["post", "/control/stop", { run: "new", confirm: "other" }, 400],
      ["delete", "/runs/{run}", { name: "other" }, 400],
      ["delete", "/runs/{run}", { name: "r1" }, 204],
      ["delete", "/session", {}, 200],
    ];
    for (const [method, path, body, status, query = ""] of steps) {
      const what = `${method} ${path} ${JSON.stringify(body)}`;
      const route = documented.find((one) => one.path === path && one.method === method)!;
      const response = method === "get" ? await ask(fill(path)) : await send(
        method.toUpperCase(),
        fill(path) + query,
        body,
      );
      const text = await response.text();
      assert.equal(response.status, status, `${what}: ${text}`);
      if (path === "/control/stop" && status === 202) await jobEnded(bench);
      if (status === 204) continue;
      const type = response.headers.get("content-type")!.split(";")[0];
      assertMatches(JSON.parse(text), answerSchema(route, status, type), what);
      if (status < 300) {
        assertMatches(body, route.operation.requestBody?.content["application/json"].schema ?? {}, what);
      }
    }
  }));

Deno.test("every bound of a number that openapi.json names is the server's", () =>
  withAll(async ({ ask }, fill) => {
    let bounds = 0;
    for (const one of documented.filter(({ method }) => method === "get")) {
      for (const { name, schema: { minimum, maximum } } of one.operation.parameters) {
        const outside = [
          minimum === undefined ? [] : [minimum - 1],
          maximum === undefined ? [] : [maximum + 1],
        ];
        for (const value of outside.flat()) {
          const address = addressOf(one, fill);
          const response = await ask(`${address}${address.includes("?") ? "&" : "?"}${name}=${value}`);
          assert.equal(response.status, 400, `${one.path} ${name}=${value}`);
          assertMatches(await response.json(), answerSchema(one, 400, "application/problem+json"), one.path);
          bounds++;
        }
      }
    }
    assert.ok(bounds > 20, String(bounds));
  }));

Deno.test("openapi.json is for whoever is signed in, as what it tells of", () =>
  withApp(async ({ app, ask }) => {
    for (const { path, method, operation } of documented) {
      if (operation.security?.length === 0) continue;
      const address = "/api" + path.replaceAll(/\{\w+\}/g, "1");
      const headers = { host, origin: `http://${host}` };
      const response = await app.request(address, { method: method.toUpperCase(), headers });
      assert.equal(response.status, 401, `${method} ${path}`);
      await response.body?.cancel();
    }
    assert.equal((await ask("/api/session")).status, 200);
  }, { access: { operatorSecret: "the operator's secret" } }));
