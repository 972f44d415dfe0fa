/**
 * Entity tags (RFC 9110, section 8.8.3): who has an answer already is told so instead of being sent it again.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { MiddlewareHandler } from "hono";

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
 * as they are.
 */
export function entityTags(): MiddlewareHandler {
  return async (context, next) => {
    await next();
    const { res, req } = context;
    const type = res.headers.get("content-type") ?? "";
    // What must not be stored is not compared either, and may be too long to be read here.
    const isStored = res.headers.get("cache-control") !== "no-store";
    const isWhole = isStored && res.status === 200 && req.method === "GET" &&
      /^(application\/json|image\/(png|svg\+xml)|audio\/wav|text\/(html|javascript|css))/.test(type);
    if (!isWhole || !res.body) return;
    const bytes = new Uint8Array(await res.arrayBuffer());
    const tag = entityTag(bytes);
    const headers = new Headers(res.headers);
    headers.set("etag", tag);
    const isKnown = namesTag(req.header("if-none-match"), tag);
    if (isKnown) headers.delete("content-type");
    context.res = undefined;
    context.res = isKnown
      ? new Response(null, { status: 304, headers })
      : new Response(bytes, { status: 200, headers });
  };
}
