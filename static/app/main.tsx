/**
 * The dashboard's page.
 *
 * @module
 */

import { render } from "preact";
import { route } from "./router.ts";
import { RunsView } from "./views/RunsView.tsx";
import { RunView } from "./views/RunView.tsx";

function App() {
  const { run } = route.value;
  return (
    <>
      <header class="top">
        <a class="brand" href="#/">
          <img src="icon.svg" alt="" width="26" height="26" />
          <span>Sonospeech</span>
        </a>
      </header>
      <main>{run === null ? <RunsView /> : <RunView key={run} name={run} />}</main>
    </>
  );
}

render(<App />, document.getElementById("app")!);
