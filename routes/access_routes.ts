/**
 * Routes under `/api/session`, and what lets a request through to the others.
 *
 * @module
 */

import { type Context, Hono, type MiddlewareHandler } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { type Access, isSameSecret, type Session } from "./access.ts";
import { askerOf, isReading } from "./asker.ts";
import { readBody } from "./body.ts";
import { Refusal } from "./guard.ts";
import type { SessionWire } from "./wire/session.ts";

const cookieName = "sonospeech_session";

/** What these routes work with. */
export interface AccessSettings {
  access: Access;
  /** Whether the server may write to the runs' folder. */
  mayWrite: boolean;
  /** Whether the server starts trainings. */
  mayControl: boolean;
  /** Where the server lies, without the slash at the end. */
  basePath: string;
  trustedProxies: readonly string[];
}

/** Signing in and out. */
export function accessRoutes(settings: AccessSettings) {
  const { access, mayWrite, mayControl, basePath, trustedProxies } = settings;
  const wire = (session: Session | null): SessionWire => ({
    role: session?.role ?? null,
    needsSecret: access.needsSecret,
    csrfToken: session?.csrfToken ?? null,
    mayWrite: mayWrite && session?.role === "operator",
    mayControl: mayControl && session?.role === "operator",
  });
  const cookie = { path: `${basePath}/`, httpOnly: true, sameSite: "Strict" } as const;

  return new Hono()
    .get("/session", (c) => c.json(wire(access.sessionOf(getCookie(c, cookieName)))))
    .post("/session", async (c) => {
      const { secret } = await readBody<{ secret?: unknown }>(c);
      if (typeof secret !== "string") throw new Refusal(400, "secret must be a text.");
      const { address, scheme } = askerOf(c, trustedProxies);
      const { session, token } = access.signIn(secret, address);
      setCookie(c, cookieName, token, { ...cookie, secure: scheme === "https" });
      return c.json(wire(session));
    })
    .delete("/session", (c) => {
      requireWriter(c, access.sessionOf(getCookie(c, cookieName)));
      access.signOut(getCookie(c, cookieName));
      deleteCookie(c, cookieName, cookie);
      return c.json(wire(access.needsSecret ? null : access.sessionOf(undefined)));
    })
    .delete("/sessions", (c) => {
      const session = requireWriter(c, access.sessionOf(getCookie(c, cookieName)));
      if (session.role !== "operator") {
        throw new Refusal(403, "Only an operator ends other people's sessions.");
      }
      access.revokeAll();
      deleteCookie(c, cookieName, cookie);
      return c.json(wire(access.needsSecret ? null : session));
    });
}

/** What is sent there is looked at and not kept: whoever may look may send it. */
const asksOnly = /\/api\/runs\/[^/]+\/find(\/embedding)?$/;

/** Lets nobody past who is not signed in, and only operators of this server's own pages to what writes. */
export function signedInOnly({ access, mayWrite }: AccessSettings): MiddlewareHandler {
  return async (context, next) => {
    const session = access.sessionOf(getCookie(context, cookieName));
    if (!session) throw new Refusal(401, "This server asks for its secret.");
    if (!isReading(context.req.method)) {
      requireWriter(context, session);
      const mustChange = !asksOnly.test(context.req.path);
      if (mustChange && session.role !== "operator") throw new Refusal(403, "A viewer may look, not change.");
      if (mustChange && !mayWrite) {
        throw new Refusal(403, "This dashboard only reads; the command serve starts one that keeps notes.");
      }
    }
    context.set("session", session);
    await next();
  };
}

/** The session whose token came along, which no other site's page can know. @throws Refusal 401 or 403. */
function requireWriter(context: Context, session: Session | null): Session {
  if (!session) throw new Refusal(401, "This server asks for its secret.");
  const token = context.req.header("x-csrf-token");
  if (token === undefined || !isSameSecret(token, session.csrfToken)) {
    throw new Refusal(403, "What changes something must carry the session's token; load the page again.");
  }
  return session;
}
