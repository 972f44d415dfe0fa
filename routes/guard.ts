/**
 * Who may ask and what every answer carries: only pages of this server's own address are served, and an error
 * says what must hold without a path or a name of a file.
 *
 * @module
 */

import type { Context, MiddlewareHandler } from "hono";
import { SonospeechError } from "../mod.ts";
import type { Problem } from "./api.ts";

const contentSecurityPolicy =
  "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
  "object-src 'none'";

/** A refusal with an HTTP status; its message reaches the asker. */
export class Refusal extends Error {
  constructor(readonly status: 400 | 403 | 404 | 405 | 416 | 500 | 503, message: string) {
    super(message);
  }
}

const titles: Record<Refusal["status"], string> = {
  400: "Bad request",
  403: "Forbidden",
  404: "Not found",
  405: "Method not allowed",
  416: "Range not satisfiable",
  500: "Internal error",
  503: "Unavailable",
};

/** The `application/problem+json` answer of a refusal. */
export function problemResponse(refusal: Refusal, headers: Record<string, string> = {}): Response {
  const body: Problem = {
    type: "about:blank",
    title: titles[refusal.status],
    status: refusal.status,
    detail: refusal.message,
  };
  return new Response(JSON.stringify(body), {
    status: refusal.status,
    headers: { ...headers, "content-type": "application/problem+json", "cache-control": "no-store" },
  });
}

/** Turns whatever a route threw into a refusal; what is not meant for the asker goes to `log` alone. */
export function refusalOf(error: unknown, log: (message: string) => void): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof SonospeechError) {
    log(error.message);
    return new Refusal(error.code === "input" ? 404 : 503, withoutPaths(error.publicMessage));
  }
  log(error instanceof Error ? error.stack ?? error.message : String(error));
  return new Refusal(500, "The server could not answer; its terminal says more.");
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
 * Refuses every request whose Host is not one of ours, whose Origin is not a page of ours, or that a page of
 * another site makes the browser send; only reading is allowed.
 *
 * @param allowedHosts Hosts with port, as `127.0.0.1:8000`.
 */
export function ownPagesOnly(allowedHosts: readonly string[]): MiddlewareHandler {
  const hosts = new Set(allowedHosts.map((host) => host.toLowerCase()));
  const origins = new Set([...hosts].map((host) => `http://${host}`));
  return async (context, next) => {
    const host = context.req.header("host") ?? new URL(context.req.url).host;
    if (!hosts.has(host.toLowerCase())) {
      throw new Refusal(403, "This server answers only under its own address.");
    }
    const origin = context.req.header("origin");
    if (origin !== undefined && !origins.has(origin.toLowerCase())) {
      throw new Refusal(403, "This server answers only its own pages.");
    }
    const site = context.req.header("sec-fetch-site") ?? "none";
    if (context.req.path.startsWith("/api/") && site !== "none" && site !== "same-origin") {
      throw new Refusal(403, "This server answers only its own pages.");
    }
    if (context.req.method !== "GET" && context.req.method !== "HEAD") {
      throw new Refusal(405, "This server can only be read from.");
    }
    await next();
  };
}

/** Headers that keep a page to itself; answers without a rule for caching are never stored. */
export function secureHeaders(context: Context): void {
  const headers = context.res.headers;
  headers.set("content-security-policy", contentSecurityPolicy);
  headers.set("x-content-type-options", "nosniff");
  headers.set("referrer-policy", "no-referrer");
  headers.set("cross-origin-opener-policy", "same-origin");
  headers.set("cross-origin-resource-policy", "same-origin");
  if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
}
