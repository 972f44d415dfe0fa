import { useMemo, useState } from "preact/hooks";
import type { DatasetWire } from "../../../routes/wire/datasets.ts";
import type { MapMethod } from "../../../routes/wire/maps.ts";
import { EmbeddingMap } from "../charts/EmbeddingMap.tsx";
import { type Coloring, type ColouredWindows, colourings, colourWindows } from "../charts/map_colours.ts";
import { lightScene, type MapPainter } from "../charts/map_painter.ts";
import type { Place } from "../charts/map_plane.ts";
import { startPlaces } from "../charts/map_plane.ts";
import { matchesOf } from "../charts/map_selection.ts";
import { api, windowMedia } from "../client.ts";
import { formatCount, formatDuration, formatShare } from "../format.ts";
import { isDark, useJson } from "../hooks.ts";
import type { LiveRun } from "../live_run.ts";
import { selectWindows, useSelection } from "../map_choice.ts";
import { type MapWork, type ShownMap, useMapData } from "../map_data.ts";
import { useMarks } from "../marks.ts";
import { playing, toggle } from "../player.ts";
import { route, setQuery } from "../router.ts";
import { EpochSlider } from "./EpochSlider.tsx";
import { MapControls } from "./MapControls.tsx";
import { MapLegend } from "./MapLegend.tsx";
import { MapList } from "./MapList.tsx";
import { MapTip } from "./MapTip.tsx";
import { MapWindow } from "./MapWindow.tsx";
import { Note } from "./Parts.tsx";

/** Of so many windows the pairs are joined, unless the address says otherwise. */
const joinedWindows = 400;

/** The embeddings of the held-out windows in the plane, evaluation by evaluation. */
export function MapView({ run }: { run: LiveRun }) {
  useMarks(run.name);
  const { query } = route.value;
  const all = run.evaluations.value.filter((evaluation) => evaluation.hasMap);
  const chosen = all.find(({ folder }) => folder === query.get("evaluation")) ?? all.at(-1);
  const method: MapMethod = query.get("method") === "umap" ? "umap" : "pca";
  const { shown, work, problem } = useMapData(run.name, chosen, method);
  const dataset = useJson(api.runs[":run"].dataset, { param: { run: run.name } });
  if (!chosen) return <Note kind="quiet">The map appears after the first evaluation.</Note>;
  const same = all.filter(({ split }) => split === chosen.split);
  const splits = [...new Set(all.map(({ split }) => split))];
  const choose = (folder: string, step: "push" | "replace" = "push") =>
    setQuery({ evaluation: folder === all.at(-1)?.folder ? "" : folder }, step);
  return (
    <section>
      <MapControls
        splits={splits}
        split={chosen.split}
        onSplit={(split) => choose(all.findLast((one) => one.split === split)!.folder)}
        method={method}
        labels={(shown?.windows.labels.length ?? 0) > 0}
      />
      <EpochSlider
        evaluations={same}
        chosen={same.indexOf(chosen)}
        isReady={shown?.evaluation.folder === chosen.folder && shown.method === method}
        stepsPerEpoch={run.clock.stepsPerEpoch}
        onChoose={(place) => choose(same[place].folder, "replace")}
      />
      {problem && <Note kind="warning">{problem}</Note>}
      {work && method === "umap" && <Work work={work} />}
      {!shown && !problem && <Note kind="quiet">Loading…</Note>}
      {shown && <MapBody run={run.name} shown={shown} dataset={dataset.data} />}
    </section>
  );
}

/** How far UMAP is; who goes on with principal components stops it. */
function Work({ work: { share, secondsLeft } }: { work: MapWork }) {
  return (
    <div class="note quiet row map-work">
      <span>UMAP is being laid out in the background.</span>
      <progress aria-label="UMAP's progress" max={1} value={share} />
      <span class="reading">
        {formatShare(share)}
        {secondsLeft !== null && share > 0.05 && `, about ${formatDuration(secondsLeft)} left`}
      </span>
      <button type="button" onClick={() => setQuery({ method: "" })}>Stop</button>
    </div>
  );
}

interface MapBodyProps {
  run: string;
  shown: ShownMap;
  dataset: DatasetWire | null;
}

function MapBody({ run, shown, dataset }: MapBodyProps) {
  const { query } = route.value;
  const { windows, places } = shown;
  const [current, setCurrent] = useState<{ window: number; place: Place } | null>(null);
  const [drawnWith, setDrawnWith] = useState<MapPainter["kind"] | null>(null);
  const coloured = useColours(shown, dataset);
  const selection = useSelection();
  const selected = selection.ids;
  const [search, group] = [query.get("q") ?? "", query.get("group") ?? ""];
  const isFound = useMemo(() => {
    const isMatch = matchesOf(windows, search);
    return (i: number) => isMatch(i) && (group === "" || !coloured.groupOf || coloured.groupOf(i) === group);
  }, [windows, search, group, coloured]);
  const from = useStart(shown);
  const pairs = query.get("pairs");
  const hasLines = pairs === null ? windows.windowIds.length <= joinedWindows : pairs === "1";
  const scene = useMemo(() => {
    const isLit = (i: number) => isFound(i) && (selected.size === 0 || selected.has(windows.windowIds[i]));
    return { places, from, hasLines, ...lightScene(coloured.colours, isLit) };
  }, [places, from, hasLines, coloured, isFound, selected]);

  const open = (window: number) => {
    const id = windows.windowIds[window];
    setQuery({ window: String(id) });
    const source = windowMedia(run, id, "speech.wav");
    if (playing.value !== source) toggle(source);
  };
  const found = useMemo(() => windows.windowIds.filter((_, i) => isFound(i)), [windows, isFound]);
  const at = current && current.window < windows.windowIds.length ? current : null;
  const isLasso = query.get("tool") === "lasso";
  const opened = windows.windowIds.indexOf(Number(query.get("window") ?? NaN));
  return (
    <>
      <figure class="panel map-panel">
        <div class="map-holder">
          <EmbeddingMap
            scene={scene}
            isLit={isFound}
            current={at?.window ?? (opened >= 0 ? opened : null)}
            isLasso={isLasso}
            viewInAddress={query.get("view")}
            drawWith={query.get("draw")}
            onCurrent={(window, place) => setCurrent(window === null ? null : { window, place })}
            onOpen={open}
            onLasso={(chosen, isMore) =>
              selectWindows([...isMore ? selected : [], ...chosen.map((i) => windows.windowIds[i])])}
            onView={(view) => setQuery({ view }, "replace")}
            onDrawn={setDrawnWith}
          />
          {at && <MapTip run={run} map={windows} window={at.window} place={at.place} coloured={coloured} />}
        </div>
        <figcaption>
          <MapLegend legend={coloured.legend} group={group} />
          <div class="row tight">
            {(search !== "" || group !== "") && (
              <>
                <span class="muted small">{formatCount(found.length)} found</span>
                <button type="button" disabled={found.length === 0} onClick={() => selectWindows(found)}>
                  List what is found
                </button>
              </>
            )}
          </div>
          <p class="muted small">{caption(shown)}</p>
          {drawnWith === "canvas" && query.get("draw") !== "canvas" && (
            <p class="muted small">
              Drawn on a plain canvas, for this browser has no WebGL on a graphics adapter. Everything works
              as it does with it; very many windows move less smoothly.
            </p>
          )}
          <p class="visually-hidden" aria-live="polite">
            {at && `Window ${windows.windowIds[at.window]} of scan ${windows.scans[windows.scan[at.window]]}`}
          </p>
        </figcaption>
      </figure>
      {opened >= 0 && dataset && <MapWindow run={run} map={windows} window={opened} dataset={dataset} />}
      <MapList
        {...{ run, map: windows, places, selection }}
        onOpen={open}
      />
    </>
  );
}

function useColours(shown: ShownMap, dataset: DatasetWire | null): ColouredWindows {
  const asked = route.value.query.get("colour");
  const by: Coloring = colourings.find((one) => one === asked) ?? "scan";
  const dark = isDark.value;
  return useMemo(() => {
    const subjectOf = new Map(
      dataset?.scans.map(({ id, subject }): [string, string] => [id, `subject ${subject}`]),
    );
    return colourWindows(shown.windows, by, { isDark: dark, subjectOf });
  }, [shown.windows, by, dataset, dark]);
}

/** Where the points of a map come from: from where the last one had them. */
function useStart(shown: ShownMap): Float32Array {
  const [last] = useState<{ shown: ShownMap | null; from: Float32Array | null }>({ shown: null, from: null });
  if (last.shown !== shown) {
    last.from = last.shown === null || last.shown.method !== shown.method ? shown.places : startPlaces(
      { ids: last.shown.windows.windowIds, places: last.shown.places },
      { ids: shown.windows.windowIds, places: shown.places },
    );
    last.shown = shown;
  }
  return last.from!;
}

function caption({ evaluation, method, windows, varianceShare, laidOut }: ShownMap): string {
  const count = windows.windowIds.length;
  const place = `${formatCount(count)} windows, ${evaluation.split}, step ${formatCount(evaluation.step)}.`;
  const isSampled = laidOut < count;
  if (method === "pca") {
    const sample = isSampled ? `, of ${formatCount(laidOut)} windows spread evenly` : "";
    return `${place} The first two principal components${sample}; the plane holds ${
      formatShare(varianceShare)
    } of the variance. Every evaluation is turned onto the one before.`;
  }
  const sample = isSampled
    ? ` ${
      formatCount(laidOut)
    } windows spread evenly make the layout; the others are placed between their three nearest of those.`
    : "";
  return `${place} UMAP of 15 neighbours by cosine; every evaluation starts from the one before and is turned onto it.${sample} ` +
    "Neighbours mean something here, distances and sizes of clusters do not.";
}
