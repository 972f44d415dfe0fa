import { useState } from "preact/hooks";
import { session, signIn, signOut } from "../client.ts";
import { Note } from "./Parts.tsx";

/** Asks for the server's secret. */
export function SignInView() {
  const [secret, setSecret] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  document.title = "Sign in · Sonospeech";
  const enter = async (event: Event) => {
    event.preventDefault();
    try {
      await signIn(secret);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <section class="panel narrow">
      <h1>Sign in</h1>
      <p class="muted">
        Who runs this server has its secrets: one lets people look, the other change things, too.
      </p>
      <form class="stack" onSubmit={enter}>
        <label class="field">
          <span>Secret of this server</span>
          <input
            type="password"
            autocomplete="current-password"
            value={secret}
            onInput={(event) => setSecret(event.currentTarget.value)}
          />
        </label>
        {problem && <Note kind="warning">{problem}</Note>}
        <button type="submit" class="primary" disabled={secret === ""}>Sign in</button>
      </form>
    </section>
  );
}

/** Who is signed in, and the way out. */
export function SessionMenu() {
  const [problem, setProblem] = useState<string | null>(null);
  if (!session.value?.needsSecret || session.value.role === null) return null;
  const { role } = session.value;
  const leave = (everybody: boolean) => () =>
    signOut(everybody).catch((error: Error) => setProblem(error.message));
  return (
    <>
      <span class="muted small" title={problem ?? undefined}>{role}</span>
      <button type="button" class="quiet" onClick={leave(false)}>Sign out</button>
      {role === "operator" && (
        <button type="button" class="quiet" onClick={leave(true)}>Sign everybody out</button>
      )}
    </>
  );
}
