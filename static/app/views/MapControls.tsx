import { useEffect, useRef } from "preact/hooks";
import type { MapMethod } from "../../../routes/wire/maps.ts";
import { bindKeys } from "../keys.ts";
import { route, setQuery } from "../router.ts";
import { Choice, Toggle } from "./Parts.tsx";

interface MapControlsProps {
  splits: readonly string[];
  split: string;
  onSplit: (split: string) => void;
  method: MapMethod;
  /** Whether windows have labels. */
  labels: boolean;
}

/** What the map shows and how: all of it is in the address. */
export function MapControls({ splits, split, onSplit, method, labels }: MapControlsProps) {
  const { query } = route.value;
  const search = useRef<HTMLInputElement>(null);
  const isLasso = query.get("tool") === "lasso";
  const setLasso = (isOn: boolean) => setQuery({ tool: isOn ? "lasso" : "" }, "replace");
  useEffect(
    () =>
      bindKeys([
        { key: "/", does: "looks for windows on the map", act: () => search.current?.focus() },
        {
          key: "l",
          does: "switches the map's lasso",
          act: () => setLasso(route.value.query.get("tool") !== "lasso"),
        },
      ]),
    [],
  );
  const colours: [string, string][] = [
    ["scan", "by scan"],
    ["subject", "by subject"],
    ...(labels ? [["label", "by label"]] as [string, string][] : []),
    ["voice", "by share of voice"],
    ["affinity", "by affinity"],
    ["loss", "by loss"],
  ];
  return (
    <div class="row filters map-controls">
      {splits.length > 1 && (
        <Choice
          label="Split"
          value={split}
          onChange={onSplit}
          options={splits.map((name): [string, string] => [name, name])}
        />
      )}
      <Choice
        label="Layout"
        value={method}
        onChange={(value) => setQuery({ method: value === "pca" ? "" : value, view: "" })}
        options={[["pca", "principal components"], ["umap", "UMAP"]]}
      />
      <Choice
        label="Colour"
        value={query.get("colour") ?? "scan"}
        onChange={(colour) => setQuery({ colour: colour === "scan" ? "" : colour, group: "" })}
        options={colours}
      />
      <Choice
        label="Pairs"
        value={query.get("pairs") ?? ""}
        onChange={(pairs) => setQuery({ pairs })}
        options={[["", "joined if few"], ["1", "joined"], ["0", "not joined"]]}
      />
      <label class="choice">
        <span>Find</span>
        <input
          ref={search}
          type="search"
          placeholder="scan, label or window"
          value={query.get("q") ?? ""}
          onInput={(event) => setQuery({ q: event.currentTarget.value }, "replace")}
        />
      </label>
      <Toggle label="Lasso" isOn={isLasso} onChange={setLasso} />
    </div>
  );
}
