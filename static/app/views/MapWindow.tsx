import type { DatasetWire } from "../../../routes/wire/datasets.ts";
import type { EmbeddingMapWire } from "../../../routes/wire/maps.ts";
import { api } from "../client.ts";
import { formatNumber, formatShare } from "../format.ts";
import { useJson } from "../hooks.ts";
import { href, setQuery } from "../router.ts";
import { MarkButtons } from "./MarkButtons.tsx";
import { Facts, Note } from "./Parts.tsx";
import { PlayButton, Timeline } from "./WindowCard.tsx";
import { WindowMovie } from "./WindowMovie.tsx";

interface MapWindowProps {
  run: string;
  map: EmbeddingMapWire;
  /** Its place in the map's lists. */
  window: number;
  dataset: DatasetWire;
}

/** A window of the map, moving and speaking. */
export function MapWindow({ run, map, window: place, dataset }: MapWindowProps) {
  const id = map.windowIds[place];
  const { data: window, problem } = useJson(api.runs[":run"].dataset.windows[":window"], {
    param: { run, window: id },
  });
  if (problem) return <Note kind="warning">{problem}</Note>;
  if (window?.id !== id) return null;
  const facts: [string, string][] = [
    ["Label", map.labels[map.label[place] ?? -1] ?? "–"],
    ["Affinity", formatNumber(map.affinity[place])],
    ["Loss", `${formatNumber(map.loss[place])} nats (chance ${formatNumber(Math.log(map.contrasted))})`],
    ["Voice", formatShare(map.voice[place])],
  ];
  return (
    <article class="panel map-window">
      <div class="row spread">
        <h2>Window {window.index + 1} of scan {window.scanId}</h2>
        <span class="row tight">
          <a href={href(run, "windows", String(id))}>All of this window</a>
          <button type="button" aria-label="Close the window" onClick={() => setQuery({ window: "" })}>
            ×
          </button>
        </span>
      </div>
      <div class="map-window-grid">
        <WindowMovie key={id} run={run} window={window} dataset={dataset} />
        <div class="map-window-facts">
          <Timeline run={run} window={window} dataset={dataset} />
          <div class="row">
            <PlayButton run={run} window={window} />
            <MarkButtons run={run} window={window} />
          </div>
          <Facts facts={facts} />
          <p class="muted small">
            The loss is the window's among {map.contrasted - 1}{" "}
            others spread evenly, at the run's temperature of {formatNumber(map.temperature)}.
          </p>
        </div>
      </div>
    </article>
  );
}
