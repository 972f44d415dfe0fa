/**
 * Who asks, and what a refusal says.
 *
 * @module
 */

/** `GET /api/session` and the answer to signing in. */
export interface SessionWire {
  /** Null when nobody is signed in where that is asked for. */
  role: Role | null;
  /** Whether signing in is asked for at all. */
  needsSecret: boolean;
  /** Goes along with everything that writes, as header `x-csrf-token`. */
  csrfToken: string | null;
  /** Whether this server may write to the runs' folder and this user may, too. */
  mayWrite: boolean;
  /** Whether this server starts trainings and this user may, too. */
  mayControl: boolean;
}

/** An operator may write, a viewer only look. */
export type Role = "operator" | "viewer";

/** Body of `POST /api/session`. */
export interface SignIn {
  secret: string;
}

/** The body of every refusal (RFC 9457, `application/problem+json`). */
export interface Problem {
  type: "about:blank";
  title: string;
  status: number;
  detail?: string;
}
