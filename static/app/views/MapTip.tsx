import type { EmbeddingMapWire } from "../../../routes/wire/maps.ts";
import type { ColouredWindows } from "../charts/map_colours.ts";
import type { Place } from "../charts/map_plane.ts";
import { windowMedia } from "../client.ts";
import { formatNumber, formatPlace } from "../format.ts";
import { setQuery } from "../router.ts";

interface MapTipProps {
  run: string;
  map: EmbeddingMapWire;
  window: number;
  /** CSS pixels on the map. */
  place: Place;
  coloured: ColouredWindows;
}

/** Room that the tip needs above the pointer, pixels. */
const tipHeight = 216;

/** The window under the pointer: its frame, where it is from, and how its picture and speech agree. */
export function MapTip({ run, map, window, place: [x, y], coloured }: MapTipProps) {
  const id = map.windowIds[window];
  const scan = map.scans[map.scan[window]];
  const group = coloured.groupOf?.(window);
  return (
    <div
      class={`tip ${y < tipHeight ? "below" : ""}`}
      style={{ left: `clamp(76px, ${x}px, calc(100% - 76px))`, top: `${y}px` }}
    >
      <img src={windowMedia(run, id, "frame.png")} alt="" width="112" height="112" />
      <b>{scan} · {formatPlace(map.startSeconds[window])}</b>
      {group !== undefined && group !== scan && (
        <span class="muted">
          <bdi>{group}</bdi>
        </span>
      )}
      <span class="muted">affinity {formatNumber(map.affinity[window])}</span>
      <span class="muted">loss {formatNumber(map.loss[window])}</span>
      <button type="button" class="small" onClick={() => setQuery({ window: String(id) })}>
        Show window
      </button>
    </div>
  );
}
