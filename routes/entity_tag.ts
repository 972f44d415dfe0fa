/**
 * Entity tags (RFC 9110, section 8.8.3): who has an answer already is told so instead of being sent it again.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import { isReading } from "./asker.ts";

/** The tag of some bytes. */
export function entityTag(bytes: Uint8Array): string {
  return `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 27)}"`;
}

/** Whether a header's tags name this one; compressing an answer makes its tag a weak one. */
export function namesTag(header: string | undefined, tag: string): boolean {
  return (header ?? "").split(",").some((one) => one.trim().replace(/^W\//, "") === tag);
}

/**
 * Tags whole answers of JSON, pictures and sound, and the page's own files, and answers 304 to who has them. Streams pass
 * as they are; who asks for the head alone reads none, so they are ended.
 */
export function entityTags(): MiddlewareHandler {
  return async (context, next) => {
    await next();
    const { res, req } = context;
    const type = res.headers.get("content-type") ?? "";
    // What must not be stored is not compared either, and may be too long to be read here.
    const isStored = res.headers.get("cache-control") !== "no-store";
    const isWhole = isStored && res.status === 200 && isReading(req.method) &&
      /^(application\/json|image\/(png|svg\+xml)|audio\/wav|text\/(html|javascript|css))/.test(type);
    if (!isWhole || !res.body) {
      if (req.method === "HEAD") await res.body?.cancel();
      return;
    }
    const bytes = new Uint8Array(await res.arrayBuffer());
    const tag = entityTag(bytes);
    const headers = new Headers(res.headers);
    headers.set("etag", tag);
    headers.set("content-length", String(bytes.length));
    const isKnown = namesTag(req.header("if-none-match"), tag);
    if (isKnown) ["content-type", "content-length"].forEach((name) => headers.delete(name));
    context.res = undefined;
    context.res = isKnown
      ? new Response(null, { status: 304, headers })
      : new Response(bytes, { status: 200, headers });
  };
}
