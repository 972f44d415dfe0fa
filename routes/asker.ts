/**
 * Who asks: the address, host and scheme of a request, through a proxy where one is trusted; and whether it may have
 * been sent by another site's page.
 *
 * @module
 */

import type { Context, MiddlewareHandler } from "hono";
import { Refusal } from "./guard.ts";

/** What the server knows of a connection, given to `app.fetch()`; nothing in tests. */
export interface ConnectionInfo {
  /** The other end's address, as `192.168.1.7`. */
  remoteAddress?: string;
}

/** A request's sender as far as the server believes it. */
export interface Asker {
  /** Address of the client; `unknown` in tests. */
  address: string;
  /** Host with port that was asked for, in small letters; empty where the request names none. */
  host: string;
  scheme: "http" | "https";
}

/** Reads senders; headers of a proxy count only when the connection comes from one of `trustedProxies`. */
export function askerOf(context: Context, trustedProxies: readonly string[]): Asker {
  const { req } = context;
  const seenAs = (context.env as ConnectionInfo | undefined)?.remoteAddress ?? "unknown";
  // A socket for both kinds of addresses shows those of IPv4 inside of IPv6.
  const address = seenAs.replace(/^::ffff:(?=\d+\.)/i, "");
  const direct: Asker = {
    address,
    host: req.header("host")?.toLowerCase() ?? "",
    scheme: "http",
  };
  if (!trustedProxies.includes(address)) return direct;
  // A proxy adds the address it saw at the end; what stands before it came from the client, who may say anything.
  const seen = req.header("x-forwarded-for")?.split(",").at(-1)?.trim();
  return {
    address: seen || address,
    host: req.header("x-forwarded-host")?.toLowerCase() ?? direct.host,
    scheme: req.header("x-forwarded-proto") === "https" ? "https" : "http",
  };
}

/** Whether the method only reads. */
export function isReading(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

/**
 * Refuses every request whose Host is not one of ours (DNS rebinding), whose Origin is not a page of ours, or that a
 * page of another site makes the browser send. What writes must name its Origin.
 *
 * @param allowedHosts Hosts with port, as `127.0.0.1:8000`.
 */
export function ownPagesOnly(
  allowedHosts: readonly string[],
  trustedProxies: readonly string[],
): MiddlewareHandler {
  const hosts = new Set(allowedHosts.map((host) => host.toLowerCase()));
  return async (context, next) => {
    const { host, scheme } = askerOf(context, trustedProxies);
    if (!hosts.has(host)) throw new Refusal(403, "This server answers only under its own address.");
    const origin = context.req.header("origin");
    const isOurs = origin?.toLowerCase() === `${scheme}://${host}`;
    const mustName = !isReading(context.req.method);
    if (origin === undefined ? mustName : !isOurs) {
      throw new Refusal(403, "This server answers only its own pages.");
    }
    const site = context.req.header("sec-fetch-site") ?? "none";
    if (context.req.path.includes("/api/") && site !== "none" && site !== "same-origin") {
      throw new Refusal(403, "This server answers only its own pages.");
    }
    await next();
  };
}
