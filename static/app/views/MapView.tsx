import { useMemo, useState } from "preact/hooks";
import type { EmbeddingMapWire, EvaluationWire, MapPoint } from "../../../routes/api.ts";
import { EmbeddingMap } from "../charts/EmbeddingMap.tsx";
import { groupColour } from "../charts/map_plane.ts";
import { runPath, windowMedia } from "../client.ts";
import { formatCount, formatShare } from "../format.ts";
import { isDark, useJson } from "../hooks.ts";
import type { LiveRun } from "../live_run.ts";
import { goTo, href } from "../router.ts";
import { Choice, Note } from "./Parts.tsx";

const legendEntries = 16;

type Group = "scanId" | "subject";

/** The embeddings of the held-out windows in the plane, after each evaluation. */
export function MapView({ run }: { run: LiveRun }) {
  const evaluations = run.evaluations.value.filter((evaluation) => evaluation.hasMap);
  const [chosen, setChosen] = useState("");
  const [group, setGroup] = useState<Group>("scanId");
  const evaluation = evaluations.find((e) => e.folder === chosen) ?? evaluations.at(-1);
  const path = evaluation
    ? runPath(run.name, `/evaluations/${encodeURIComponent(evaluation.folder)}/map`)
    : null;
  const { data, problem } = useJson<EmbeddingMapWire>(path);
  if (!evaluation) return <Note kind="quiet">The map appears after the first evaluation.</Note>;
  return (
    <section>
      <div class="row filters">
        <Choice
          label="Evaluation"
          value={chosen}
          onChange={setChosen}
          options={[
            ["", "newest"],
            ...evaluations.toReversed().map((e): [string, string] => [e.folder, title(e)]),
          ]}
        />
        <Choice
          label="Colour"
          value={group}
          onChange={(value) => setGroup(value as Group)}
          options={[["scanId", "by scan"], ["subject", "by subject"]]}
        />
      </div>
      {problem && <Note kind="warning">{problem}</Note>}
      {data && <MapFigure run={run.name} map={data} group={group} caption={title(evaluation)} />}
    </section>
  );
}

function title(evaluation: EvaluationWire): string {
  return `${evaluation.split}, step ${formatCount(evaluation.step)}`;
}

function MapFigure(
  { run, map, group, caption }: { run: string; map: EmbeddingMapWire; group: Group; caption: string },
) {
  const [selection, setSelection] = useState<{ index: number; place: [number, number] } | null>(null);
  const dark = isDark.value;
  const groups = useMemo(() => [...new Set(map.points.map((point) => point[group]))].sort(), [map, group]);
  const colourOf = useMemo(() => {
    const colours = Object.fromEntries(groups.map((name, i) => [name, groupColour(i, dark)]));
    return (point: MapPoint) => colours[point[group]];
  }, [groups, group, dark]);
  const point = selection && map.points[selection.index];
  const [first, second] = map.explainedVariance;
  return (
    <figure class="panel map-panel">
      <div class="map-holder">
        <EmbeddingMap
          points={map.points}
          colourOf={colourOf}
          selected={selection?.index ?? null}
          onSelect={(index, place) => setSelection(index === null ? null : { index, place })}
          onOpen={(index) => goTo(href(run, "windows", String(map.points[index].windowId)))}
        />
        {point && <Tip run={run} point={point} place={selection.place} />}
      </div>
      <figcaption>
        <ul class="legend">
          <li>
            <i class="dot filled" />video
          </li>
          <li>
            <i class="dot" />speech of the same window
          </li>
          {groups.slice(0, legendEntries).map((name, i) => (
            <li key={name}>
              <i class="dot filled" style={{ color: groupColour(i, dark) }} />
              {name}
            </li>
          ))}
          {groups.length > legendEntries && <li>and {groups.length - legendEntries} more</li>}
        </ul>
        <p class="muted small">
          {formatCount(map.points.length)} windows, {caption}. Principal components; the axes hold{" "}
          {formatShare(first)} and {formatShare(second)}{" "}
          of the variance. Drag to move, scroll to zoom, click to open.
        </p>
        <p class="visually-hidden" aria-live="polite">
          {point && `Window ${point.windowId} of scan ${point.scanId}, subject ${point.subject}`}
        </p>
      </figcaption>
    </figure>
  );
}

function Tip({ run, point, place }: { run: string; point: MapPoint; place: [number, number] }) {
  const style = { left: `${place[0]}px`, top: `${place[1]}px` };
  return (
    <div class="tip" style={style}>
      <img src={windowMedia(run, point.windowId, "frame.png")} alt="" width="112" height="112" />
      <b>{point.scanId}</b>
      <span class="muted">subject {point.subject}</span>
      <a href={href(run, "windows", String(point.windowId))}>open window</a>
    </div>
  );
}
