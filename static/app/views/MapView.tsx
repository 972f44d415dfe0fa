import { useMemo, useState } from "preact/hooks";
import type { DatasetWire, EmbeddingMapWire, EvaluationWire, MapPoint } from "../../../routes/api.ts";
import { EmbeddingMap } from "../charts/EmbeddingMap.tsx";
import { groupColour } from "../charts/map_plane.ts";
import { runPath, windowMedia } from "../client.ts";
import { formatCount, formatShare } from "../format.ts";
import { isDark, useJson } from "../hooks.ts";
import type { LiveRun } from "../live_run.ts";
import { goTo, href } from "../router.ts";
import { Choice, Note } from "./Parts.tsx";

const legendEntries = 16;

type Group = "scan" | "subject" | "label";

/** The embeddings of the held-out windows in the plane, after each evaluation. */
export function MapView({ run }: { run: LiveRun }) {
  const evaluations = run.evaluations.value.filter((evaluation) => evaluation.hasMap);
  const [chosen, setChosen] = useState("");
  const [group, setGroup] = useState<Group>("scan");
  const evaluation = evaluations.find((e) => e.folder === chosen) ?? evaluations.at(-1);
  const path = evaluation
    ? runPath(run.name, `/evaluations/${encodeURIComponent(evaluation.folder)}/map`)
    : null;
  const { data, problem } = useJson<EmbeddingMapWire>(path);
  const dataset = useJson<DatasetWire>(runPath(run.name, "/dataset"));
  const groupOf = useMemo(() => grouping(group, dataset.data), [group, dataset.data]);
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
          options={[
            ["scan", "by scan"],
            ["subject", "by subject"],
            ...(data?.points.some((point) => point.label !== null)
              ? [["label", "by label"]] as [string, string][]
              : []),
          ]}
        />
      </div>
      {problem && <Note kind="warning">{problem}</Note>}
      {data && <MapFigure run={run.name} map={data} groupOf={groupOf} caption={title(evaluation)} />}
    </section>
  );
}

/** What a point is coloured by: its scan, that scan's subject, or the window's label. */
function grouping(group: Group, dataset: DatasetWire | null): (point: MapPoint) => string {
  if (group === "label") return (point) => point.label ?? "no label";
  if (group === "scan" || dataset === null) return (point) => point.scanId;
  const subjects = new Map(dataset.scans.map((scan) => [scan.id, `subject ${scan.subject}`]));
  return (point) => subjects.get(point.scanId) ?? "unknown subject";
}

function title(evaluation: EvaluationWire): string {
  return `${evaluation.split}, step ${formatCount(evaluation.step)}`;
}

interface MapFigureProps {
  run: string;
  map: EmbeddingMapWire;
  groupOf: (point: MapPoint) => string;
  caption: string;
}

function MapFigure({ run, map, groupOf, caption }: MapFigureProps) {
  const [selection, setSelection] = useState<{ index: number; place: [number, number] } | null>(null);
  const dark = isDark.value;
  const groups = useMemo(() => [...new Set(map.points.map(groupOf))].sort(inNumberOrder), [map, groupOf]);
  const colourOf = useMemo(() => {
    const colours = Object.fromEntries(groups.map((name, i) => [name, groupColour(i, dark)]));
    return (point: MapPoint) => colours[groupOf(point)];
  }, [groups, groupOf, dark]);
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
        {point && <Tip run={run} point={point} group={groupOf(point)} place={selection.place} />}
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
          {point && `Window ${point.windowId} of scan ${point.scanId}`}
        </p>
      </figcaption>
    </figure>
  );
}

/** Room that the tip needs above the pointer, pixels. */
const tipHeight = 190;

interface TipProps {
  run: string;
  point: MapPoint;
  group: string;
  place: [number, number];
}

function Tip({ run, point, group, place }: TipProps) {
  const [x, y] = place;
  const style = { left: `clamp(76px, ${x}px, calc(100% - 76px))`, top: `${y}px` };
  return (
    <div class={`tip ${y < tipHeight ? "below" : ""}`} style={style}>
      <img src={windowMedia(run, point.windowId, "frame.png")} alt="" width="112" height="112" />
      <b>{point.scanId}</b>
      {group !== point.scanId && <span class="muted">{group}</span>}
      <a href={href(run, "windows", String(point.windowId))}>open window</a>
    </div>
  );
}

const { compare: inNumberOrder } = new Intl.Collator("en", { numeric: true });
