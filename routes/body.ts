/**
 * Reading what was sent.
 *
 * @module
 */

import type { Context } from "hono";
import { Refusal } from "./guard.ts";

/** Notes are the longest that is taken. */
const mostBytes = 64 * 1024;
/** What takes longer to arrive is not waited for. */
const mostMilliseconds = 30_000;

/**
 * An object sent as JSON. That it is JSON must be said, which no plain form of another site can.
 *
 * @throws Refusal 415, or as {@linkcode readBytes}.
 */
export async function readBody<T extends object>(context: Context): Promise<T> {
  if (!/^application\/json\b/i.test(context.req.header("content-type") ?? "")) {
    throw new Refusal(415, "What is sent must be JSON.");
  }
  const bytes = await readBytes(context, mostBytes);
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as T;
  } catch {
    // Said below, as for everything else that is no object.
  }
  throw new Refusal(400, "What is sent must be a JSON object.");
}

/**
 * All bytes that were sent.
 *
 * @param options `milliseconds` is what sending them may take; half a minute by default.
 * @throws Refusal 413 for more than allowed, as soon as that is known; 400 for what breaks off or takes too long.
 */
export async function readBytes(
  context: Context,
  mostBytes: number,
  { milliseconds = mostMilliseconds } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Refusal(400, "What is sent came too slowly.")), milliseconds);
  });
  try {
    return await Promise.race([allBytes(context, mostBytes), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function allBytes(context: Context, mostBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = () => new Refusal(413, `What is sent must have at most ${mostBytes} bytes.`);
  if (Number(context.req.header("content-length") ?? 0) > mostBytes) throw tooLarge();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  try {
    for await (const chunk of context.req.raw.body ?? []) {
      size += chunk.length;
      if (size > mostBytes) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal(400, "What is sent broke off.");
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}
