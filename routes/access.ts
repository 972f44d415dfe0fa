/**
 * Signing in: who knows the operator's or the viewer's secret gets a session, which can be taken back.
 *
 * @module
 */

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { Refusal } from "./guard.ts";
import type { Role } from "./wire/session.ts";

/** How long a session lives that is not used. */
export const sessionSeconds = 12 * 3600;
/** Sessions of each role: by signing in again and again, a viewer must end no operator's. */
const mostSessions = 1000;
/** Failed tries that are let through in a minute: of one address, and of all together. */
const triesOfOne = 5;
const triesOfAll = 60;
const tryWindowSeconds = 60;

/** Somebody who may use the server. */
export interface Session {
  role: Role;
  /** Must come along with everything that writes. */
  csrfToken: string;
  /** Aborted when the session ends: open streams end with it. */
  signal: AbortSignal;
}

interface StoredSession extends Session {
  ending: AbortController;
  expiresAt: number;
}

/** Who may get in. */
export interface AccessOptions {
  /** What an operator must know; without it everybody who can reach the server is one. */
  operatorSecret?: string;
  /** What a viewer must know. */
  viewerSecret?: string;
  /** A clock in seconds, for tests. */
  now?: () => number;
}

/** Secrets and sessions; sessions live in memory only and are known by the digest of their token. */
export class Access {
  readonly #secrets: { role: Role; digest: Uint8Array }[] = [];
  readonly #sessions = new Map<string, StoredSession>();
  readonly #failures: { address: string; at: number }[] = [];
  readonly #now: () => number;
  /** Of the one session that everybody has where no secret is asked for. */
  readonly #open: Session | null;

  constructor({ operatorSecret, viewerSecret, now = () => performance.now() / 1000 }: AccessOptions) {
    this.#now = now;
    if (operatorSecret !== undefined) {
      this.#secrets.push({ role: "operator", digest: digestOf(operatorSecret) });
    }
    if (viewerSecret !== undefined) this.#secrets.push({ role: "viewer", digest: digestOf(viewerSecret) });
    const isOpen = this.#secrets.length === 0;
    this.#open = isOpen
      ? { role: "operator", csrfToken: newToken(), signal: new AbortController().signal }
      : null;
  }

  /** Whether a secret is asked for. */
  get needsSecret(): boolean {
    return this.#open === null;
  }

  /**
   * Starts a session.
   *
   * @returns The session and its token, which the server itself does not keep.
   * @throws Refusal 401 when the secret is wrong, 429 after too many tries.
   */
  signIn(secret: string, address: string): { session: Session; token: string } {
    this.#refuseGuessing(address);
    const digest = digestOf(secret);
    let role: Role | null = null;
    // Every secret is compared, and in the same time whatever was sent.
    for (const one of this.#secrets) {
      if (timingSafeEqual(one.digest, digest)) role ??= one.role;
    }
    if (role === null) {
      this.#failures.push({ address, at: this.#now() });
      throw new Refusal(401, "That is not the secret of this server.");
    }
    this.#sweep();
    const ofRole = [...this.#sessions].filter(([, session]) => session.role === role);
    if (ofRole.length >= mostSessions) this.#end(ofRole[0][0]);
    const token = newToken();
    const ending = new AbortController();
    const session: StoredSession = {
      role,
      csrfToken: newToken(),
      ending,
      signal: ending.signal,
      expiresAt: this.#now() + sessionSeconds,
    };
    this.#sessions.set(keyOf(token), session);
    return { session, token };
  }

  /** The session of a token, which lives on for another while; null when there is none, or no more. */
  sessionOf(token: string | undefined): Session | null {
    if (this.#open) return this.#open;
    this.#sweep();
    const session = token === undefined ? undefined : this.#sessions.get(keyOf(token));
    if (session) session.expiresAt = this.#now() + sessionSeconds;
    return session ?? null;
  }

  /** Ends the session of a token. */
  signOut(token: string | undefined): void {
    if (token !== undefined) this.#end(keyOf(token));
  }

  /** Ends all sessions. */
  revokeAll(): void {
    for (const key of [...this.#sessions.keys()]) this.#end(key);
  }

  /** Ends sessions that were not used for long. */
  #sweep(): void {
    const now = this.#now();
    for (const [key, { expiresAt }] of this.#sessions) if (expiresAt <= now) this.#end(key);
  }

  #end(key: string): void {
    this.#sessions.get(key)?.ending.abort();
    this.#sessions.delete(key);
  }

  #refuseGuessing(address: string): void {
    const now = this.#now();
    while (this.#failures.length > 0 && this.#failures[0].at <= now - tryWindowSeconds) {
      this.#failures.shift();
    }
    const own = this.#failures.filter((failure) => failure.address === address).length;
    if (own < triesOfOne && this.#failures.length < triesOfAll) return;
    throw new Refusal(429, "There were too many tries; wait a minute.", {
      "retry-after": String(tryWindowSeconds),
    });
  }
}

/** Whether two texts are equal, in a time that says nothing of where they differ. */
export function isSameSecret(a: string, b: string): boolean {
  return timingSafeEqual(digestOf(a), digestOf(b));
}

function newToken(): string {
  return randomBytes(32).toString("base64url");
}

function digestOf(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}

function keyOf(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}
