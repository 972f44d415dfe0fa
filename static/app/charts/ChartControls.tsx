import { route, setQuery } from "../router.ts";
import { Choice, Toggle } from "../views/Parts.tsx";
import { xNames } from "./axis_text.ts";
import { chartViewOf, strongestSmoothing, type XKind, xKinds } from "./chart_view.ts";

/** How all charts of the page are shown. */
export function ChartControls() {
  const { query } = route.value;
  const view = chartViewOf(query);
  const power = view.smoothing === 0 ? 0 : Math.log2(view.smoothing);
  return (
    <div class="row controls" role="group" aria-label="How charts are shown">
      <Choice
        label="Across"
        value={view.x}
        // Another axis has other units: what was zoomed to is not on it.
        onChange={(x) => setQuery({ x: x === "step" ? "" : x, from: "", to: "" })}
        options={xKinds.map((kind: XKind): [string, string] => [kind, xNames[kind]])}
      />
      <Toggle
        label="log x"
        isOn={view.logX}
        onChange={(isOn) => setQuery({ logx: isOn ? "1" : "", from: "", to: "" })}
      />
      <Toggle label="log y" isOn={view.logY} onChange={(isOn) => setQuery({ logy: isOn ? "1" : "" })} />
      <label class="choice">
        <span>Smoothing</span>
        <input
          type="range"
          min={0}
          max={strongestSmoothing}
          value={power}
          aria-valuetext={smoothingText(view.smoothing)}
          onInput={(event) => setQuery({ smooth: event.currentTarget.value }, "replace")}
        />
        <span class="reading">{smoothingText(view.smoothing)}</span>
      </label>
      {view.range && <button type="button" onClick={() => setQuery({ from: "", to: "" })}>Show all</button>}
    </div>
  );
}

function smoothingText(smoothing: number): string {
  return smoothing === 0 ? "none" : `over ${smoothing}`;
}
