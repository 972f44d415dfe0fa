import { useMemo } from "preact/hooks";
import type { EmbeddingMapWire } from "../../../routes/wire/maps.ts";
import { inOrder, selectionCsv, selectionOrders } from "../charts/map_selection.ts";
import { save } from "../charts/save_file.ts";
import { windowMedia } from "../client.ts";
import { formatCount, formatNumber, formatPlace, formatShare } from "../format.ts";
import { type Selection, selectWindows } from "../map_choice.ts";
import { route, setQuery } from "../router.ts";
import { Choice, Note, Pager } from "./Parts.tsx";

interface MapListProps {
  run: string;
  map: EmbeddingMapWire;
  places: Float32Array;
  selection: Selection;
  /** Takes a window's place in the map's lists. */
  onOpen: (window: number) => void;
}

const pageSize = 12;
const orderWords = {
  scan: "by scan and time",
  affinity: "lowest affinity first",
  loss: "highest loss first",
} as const;

/** The windows that were chosen on the map, to be played and saved. */
export function MapList({ run, map, places, selection, onOpen }: MapListProps) {
  const { ids: selected, where, lost } = selection;
  const { query } = route.value;
  const order = selectionOrders.find((one) => one === query.get("order")) ?? "scan";
  const offset = Math.max(0, Number(query.get("offset")) || 0);
  const windows = useMemo(
    () => inOrder(map.windowIds.flatMap((id, i) => selected.has(id) ? [i] : []), map, order),
    [map, selected, order],
  );
  if (lost > 0) {
    return (
      <Note kind="warning">
        This address was made where {formatCount(lost)}{" "}
        windows were chosen, too many to be in it: only the tab they were chosen in keeps them. There, Save as
        CSV makes a list to hand on; here, choose anew.
      </Note>
    );
  }
  if (selected.size === 0) {
    return (
      <p class="muted small map-hint">
        Switch the lasso on, or hold shift, and drag around points to list their windows; with keys, space
        lists the chosen window and v all in view.
      </p>
    );
  }
  const page = windows.slice(offset, offset + pageSize);
  const saveCsv = () =>
    save(new Blob([selectionCsv(windows, map, places)], { type: "text/csv" }), "map-windows.csv");
  return (
    <section class="map-list" aria-label="Chosen windows">
      <div class="row spread">
        <h2 class="section">{formatCount(windows.length)} windows chosen</h2>
        <div class="row tight">
          <Choice
            label="First"
            value={order}
            onChange={(value) => setQuery({ order: value === "scan" ? "" : value, offset: "" })}
            options={selectionOrders.map((one): [string, string] => [one, orderWords[one]])}
          />
          <button type="button" onClick={saveCsv}>Save as CSV</button>
          <button type="button" onClick={() => selectWindows([])}>Clear</button>
        </div>
      </div>
      {where === "tab" && (
        <p class="muted small">
          So many windows do not fit into the address. This tab keeps them, also when it is loaded again or
          goes back and forward; whoever opens the address elsewhere is told so. Save the list to hand it on.
        </p>
      )}
      <div class="panel scroll" tabIndex={0} role="region" aria-label="Chosen windows as a table">
        <table>
          <thead>
            <tr>
              <th scope="col">Window</th>
              <th scope="col">Label</th>
              <th scope="col">Voice</th>
              <th scope="col">Affinity</th>
              <th scope="col">Loss</th>
            </tr>
          </thead>
          <tbody>
            {page.map((i) => (
              <tr key={map.windowIds[i]}>
                <th scope="row">
                  <button type="button" class="quiet window-cell" onClick={() => onOpen(i)}>
                    <img
                      src={windowMedia(run, map.windowIds[i], "frame.png")}
                      alt=""
                      width="36"
                      height="36"
                    />
                    <span class="visually-hidden">Play</span>
                    {map.scans[map.scan[i]]} · {formatPlace(map.startSeconds[i])}
                  </button>
                </th>
                <td>
                  <bdi>{map.labels[map.label[i] ?? -1] ?? "–"}</bdi>
                </td>
                <td>{formatShare(map.voice[i])}</td>
                <td>{formatNumber(map.affinity[i])}</td>
                <td>{formatNumber(map.loss[i])}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {windows.length > pageSize && (
        <div class="row end">
          <Pager
            total={windows.length}
            offset={offset}
            shown={page.length}
            pageSize={pageSize}
            onTurn={(to) => setQuery({ offset: to === 0 ? "" : String(to) })}
          />
        </div>
      )}
    </section>
  );
}
