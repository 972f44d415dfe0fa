/**
 * What every answer carries, and errors: they say what must hold without a path or a name of a file.
 *
 * @module
 */

import type { Context } from "hono";
import { diskTrouble, SonospeechError } from "../mod.ts";
import type { Problem } from "./wire/session.ts";

const contentSecurityPolicy =
  "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
  "object-src 'none'";

const titles = {
  400: "Bad request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not found",
  405: "Method not allowed",
  409: "Conflict",
  413: "Content too large",
  415: "Unsupported media type",
  416: "Range not satisfiable",
  422: "Unprocessable content",
  429: "Too many requests",
  500: "Internal error",
  503: "Unavailable",
} as const;

/** Places in the program that a log line names of an error that nobody foresaw. */
const mostPlaces = 8;

/** A refusal with an HTTP status; its message reaches the asker. */
export class Refusal extends Error {
  constructor(
    readonly status: keyof typeof titles,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

/** The `application/problem+json` answer of a refusal. */
export function problemResponse(refusal: Refusal): Response {
  const body: Problem = {
    type: "about:blank",
    title: titles[refusal.status],
    status: refusal.status,
    detail: refusal.message,
  };
  return new Response(JSON.stringify(body), {
    status: refusal.status,
    headers: { ...refusal.headers, "content-type": "application/problem+json", "cache-control": "no-store" },
  });
}

/**
 * What a log may hold of an error: neither paths nor names nor what was asked for. What people search for, and how
 * files are called, tells of patients, and logs are kept, copied and read elsewhere. Of an error that nobody foresaw,
 * whose message may quote anything, its kind and the places in the program are left.
 */
export function logLine(error: unknown): string {
  const known = knownFailure(error);
  if (known) return withoutPaths(known.logMessage);
  if (!(error instanceof Error)) return "An error that is none";
  const { code } = error as Error & { code?: unknown };
  const kind = typeof code === "string" && /^[A-Z_0-9]+$/.test(code) ? `${error.name} ${code}` : error.name;
  const places = [...(error.stack ?? "").matchAll(/^\s+at .*?([\w.-]+:\d+:\d+)\)?$/gm)];
  return `Unforeseen ${kind} at ${places.slice(0, mostPlaces).map(([, place]) => place).join(" < ") || "?"}`;
}

/** An error that was foreseen: one of ours, or a disk's. */
function knownFailure(error: unknown): SonospeechError | undefined {
  return error instanceof SonospeechError ? error : diskTrouble(error);
}

/** Turns whatever a route threw into a refusal; the log gets {@linkcode logLine}. */
export function refusalOf(error: unknown, log: (message: string) => void): Refusal {
  if (error instanceof Refusal) return error;
  log(logLine(error));
  const known = knownFailure(error);
  if (known) return new Refusal(known.code === "input" ? 404 : 503, withoutPaths(known.publicMessage));
  return new Refusal(500, "The server could not answer; its log says where in the program.");
}

/**
 * A sentence without what may be a path. A path may hold blanks, so from an absolute one on everything goes.
 */
export function withoutPaths(sentence: string): string {
  return sentence
    .replace(/(^|[\s"'(=:])(?:file:|[A-Za-z]:)?[\\/][^\s].*$/s, "$1…")
    .replace(/[^\s"']+[\\/][^\s"']*\.\w+/g, "…");
}

/**
 * Headers that keep a page to itself; answers without a rule for caching are never stored. Of all that a browser can
 * give away, the page alone may have the microphone, which searching by speech asks for.
 */
export function secureHeaders(context: Context): void {
  const headers = context.res.headers;
  // A page of another kind has a policy of its own, which is no looser but where it must be.
  if (!headers.has("content-security-policy")) headers.set("content-security-policy", contentSecurityPolicy);
  headers.set("x-content-type-options", "nosniff");
  headers.set("referrer-policy", "no-referrer");
  headers.set("cross-origin-opener-policy", "same-origin");
  headers.set("cross-origin-resource-policy", "same-origin");
  const isPage = (headers.get("content-type") ?? "").startsWith("text/html");
  headers.set("permissions-policy", `camera=(), geolocation=(), microphone=(${isPage ? "self" : ""})`);
  if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
}
