import assert from "node:assert/strict";
import { Hono } from "hono";
import { readBytes } from "../../routes/body.ts";
import { problemResponse, refusalOf } from "../../routes/guard.ts";
import { assertProblem } from "../helpers/app_bench.ts";

/** Sends a stream to an application that reads it; what it logs is unforeseen and fails the test. */
async function sent(body: ReadableStream<Uint8Array>): Promise<Response> {
  const app = new Hono();
  app.post("/bytes", async (c) => c.json((await readBytes(c, 10, { milliseconds: 20 })).length));
  app.onError((error) => problemResponse(refusalOf(error, (message) => assert.fail(message))));
  return await app.request("/bytes", { method: "POST", body });
}

Deno.test("readBytes() takes what is sent, and refuses what is too long, breaks off or comes too slowly", async () => {
  const pieces = (count: number, then: (controller: ReadableStreamDefaultController<Uint8Array>) => void) =>
    new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (let i = 0; i < count; i++) controller.enqueue(new Uint8Array(4));
        then(controller);
      },
    });
  const whole = await sent(pieces(2, (controller) => controller.close()));
  assert.deepEqual([whole.status, await whole.json()], [200, 8]);
  await assertProblem(await sent(pieces(3, (controller) => controller.close())), 413);
  const broken = pieces(1, (controller) => controller.error(new Error("connection lost")));
  assert.match((await assertProblem(await sent(broken), 400)).detail ?? "", /broke off/);
  const slow = await assertProblem(await sent(pieces(1, () => {})), 400);
  assert.match(slow.detail ?? "", /too slowly/);
});
