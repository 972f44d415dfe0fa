/**
 * The dashboard's page.
 *
 * @module
 */

import { render } from "preact";
import { loadSession, session, sessionProblem } from "./client.ts";
import { route } from "./router.ts";
import { CompareView } from "./views/CompareView.tsx";
import { HelpDialog, openHelp } from "./views/HelpDialog.tsx";
import { Note } from "./views/Parts.tsx";
import { ResultsView } from "./views/ResultsView.tsx";
import { RunsView } from "./views/RunsView.tsx";
import { RunView } from "./views/RunView.tsx";
import { StartView } from "./views/StartView.tsx";
import { SessionMenu, SignInView } from "./views/SignInView.tsx";

function App() {
  return (
    <>
      <header class="top row spread">
        <a class="brand" href="#/">
          <img src="icon.svg" alt="" width="26" height="26" />
          <span>Sonospeech</span>
        </a>
        <span class="row">
          <SessionMenu />
          <button type="button" class="quiet" aria-label="Help and keys" title="Help (?)" onClick={openHelp}>
            ?
          </button>
        </span>
      </header>
      <main>
        <Page />
      </main>
      <HelpDialog />
    </>
  );
}

function Page() {
  const { page, run } = route.value;
  if (session.value === null) {
    return sessionProblem.value
      ? <Note kind="warning">{sessionProblem.value}</Note>
      : <Note kind="quiet">Loading…</Note>;
  }
  if (session.value.role === null) return <SignInView />;
  if (page === "run") return <RunView key={run} name={run} />;
  if (page === "results") return <ResultsView />;
  if (page === "start") return <StartView />;
  return page === "compare" ? <CompareView /> : <RunsView />;
}

render(<App />, document.getElementById("app")!);
loadSession();
