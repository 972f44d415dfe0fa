/**
 * Asks the server. What is asked and answered follows from the contract, `routes/contract.ts`: `api.runs[":run"]` is the
 * address `/api/runs/:run`, and its methods are what may be done there.
 *
 * @module
 */

import { signal } from "@preact/signals";
import type { Hono } from "hono";
import { type ClientRequestOptions, type ClientResponse, hc } from "hono/client";
import type { ApiSchema } from "../../routes/api_schema.ts";
import type { Problem, SessionWire } from "../../routes/wire/session.ts";

/** Who uses this page; null until the server has said so. */
export const session = signal<SessionWire | null>(null);

/** Why the server cannot say who uses this page. */
export const sessionProblem = signal<string | null>(null);

/** All addresses, from the page's own: the server may lie below any path. */
export const api = hc<Hono<Record<never, never>, ApiSchema, "/">>("api", { fetch: ask });

/** Asks one address in one way; `Asked` is what is asked with. */
export type Call<Asked, Answer, Format extends string> = (
  asked: Asked,
  options?: ClientRequestOptions,
) => Promise<ClientResponse<Answer, 200 | 202 | 204, Format>>;

/** What is looked at of an answer; what it holds is known by the address. */
type Answered = Pick<Response, "status" | "headers" | "body" | "json">;

interface Address {
  $path: (asked?: never) => string;
}

/** An address that can be read. */
export interface Readable<Asked, Answer, Format extends string = "json"> extends Address {
  $get: Call<Asked, Answer, Format>;
}

/** Hono puts parameters into the path as they are: a name may hold anything. */
function escaped<Asked>(asked: Asked): Asked {
  const { param = {} } = asked as { param?: Record<string, string | number> };
  const entries = Object.entries(param).map(([name, value]) => [name, encodeURIComponent(value)]);
  return { ...asked, param: Object.fromEntries(entries) };
}

/** Where something lies, for a picture, a sound or a link. */
export function addressOf<Asked, Answer, Format extends string>(
  address: Readable<Asked, Answer, Format>,
  asked: NoInfer<Asked>,
): string {
  return `api${address.$path(escaped(asked) as never)}`;
}

/** The last answer of each address with its tag, so that the server need not send it again. */
const answers = new Map<string, { tag: string; data: unknown }>();
const mostAnswers = 60;

/**
 * The JSON at an address.
 *
 * @throws Error in the server's words when it refuses, or when it cannot be reached.
 */
export async function getJson<Asked, Answer>(
  address: Readable<Asked, Answer>,
  asked: NoInfer<Asked>,
  signal?: AbortSignal,
): Promise<Answer> {
  const path = addressOf(address, asked);
  const known = answers.get(path);
  const headers: Record<string, string> = known ? { "if-none-match": known.tag } : {};
  const response: Answered = await address.$get(escaped(asked), { headers, init: { signal } });
  if (response.status === 304 && known) return known.data as Answer;
  const data = await response.json() as Answer;
  const tag = response.headers.get("etag");
  answers.delete(path);
  if (tag) answers.set(path, { tag, data });
  const oldest = answers.keys().next();
  if (answers.size > mostAnswers && !oldest.done) answers.delete(oldest.value);
  return data;
}

/**
 * The lines of JSON at an address, as they come.
 *
 * @throws Error in the server's words when it refuses, or when it cannot be reached.
 */
export async function* getLines<Asked, Line>(
  address: Readable<Asked, Line, "body">,
  asked: NoInfer<Asked>,
  signal?: AbortSignal,
): AsyncGenerator<Line, void, void> {
  const response: Answered = await address.$get(escaped(asked), { init: { signal } });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const parts: string[] = [];
  while (true) {
    const { done, value = "" } = await reader.read();
    const lines = value.split("\n");
    parts.push(lines[0]);
    for (let i = 1; i < lines.length; i++) {
      yield JSON.parse(parts.join("")) as Line;
      parts.splice(0, Infinity, lines[i]);
    }
    if (done) return;
  }
}

/**
 * Changes something: `send(api.session.$post, { json: { secret } })`.
 *
 * @throws Error in the server's words when it refuses, or when it cannot be reached.
 */
export async function send<Asked, Answer, Format extends string>(
  call: Call<Asked, Answer, Format>,
  asked: NoInfer<Asked>,
  signal?: AbortSignal,
): Promise<Answer> {
  // The server takes JSON alone, were it an empty object.
  const response: Answered = await call({ json: {}, ...escaped(asked) }, { init: { signal } });
  return response.status === 204 ? undefined as Answer : await response.json() as Answer;
}

/**
 * Sends a file as it is.
 *
 * @throws Error in the server's words when it refuses, or when it cannot be reached.
 */
export async function sendFile<Asked, Answer>(
  call: Call<Asked, Answer, "json">,
  asked: NoInfer<Asked>,
  { body, type, signal }: { body: Blob; type: string; signal: AbortSignal },
): Promise<Answer> {
  const options = { headers: { "content-type": type }, init: { body, signal } };
  const response: Answered = await call(escaped(asked), options);
  return await response.json() as Answer;
}

async function ask(path: RequestInfo | URL, options: RequestInit = {}): Promise<Response> {
  const headers = new Headers(options.headers);
  if (options.method !== "GET") headers.set("x-csrf-token", session.value?.csrfToken ?? "");
  let response: Response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Error("The server cannot be reached.");
  }
  if (response.ok || response.status === 304) return response;
  // A session that ended leads back to signing in.
  if (response.status === 401 && session.value?.role) await loadSession();
  const problem = await response.json().catch(() => null) as Problem | null;
  const seconds = Number(response.headers.get("retry-after") ?? NaN);
  const words = problem?.detail ?? `The server answered ${response.status}.`;
  throw Number.isNaN(seconds) ? new Error(words) : new ComeAgain(words, seconds);
}

/** A refusal for now: the server said when to come again. */
export class ComeAgain extends Error {
  constructor(message: string, readonly seconds: number) {
    super(message);
  }
}

/** Asks who uses this page. */
export async function loadSession(): Promise<void> {
  try {
    session.value = await getJson(api.session, {});
    sessionProblem.value = null;
  } catch {
    sessionProblem.value = "The server cannot be reached.";
  }
}

/** Signs in. @throws Error in the server's words. */
export async function signIn(secret: string): Promise<void> {
  session.value = await send(api.session.$post, { json: { secret } });
}

/** Ends this session, or all sessions. */
export async function signOut(everybody: boolean): Promise<void> {
  session.value = await send(everybody ? api.sessions.$delete : api.session.$delete, {});
  answers.clear();
}

/** The address of a window's picture or sound. */
export function windowMedia(
  run: string,
  id: number,
  file: "frame.png" | "strip.png" | "spectrogram.png" | "speech.wav",
): string {
  const window = api.runs[":run"].dataset.windows[":window"];
  const media: Readable<{ param: { run: string; window: number } }, unknown, "body"> = window[file];
  return addressOf(media, { param: { run, window: id } });
}
