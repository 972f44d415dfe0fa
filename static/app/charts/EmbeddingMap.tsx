import { useEffect, useRef, useState } from "preact/hooks";
import type { MapPoint } from "../../../routes/api.ts";
import { cssColour, isDark } from "../hooks.ts";
import { drawMap, fitView, nearestPoint, type Size, toCanvas, type View, zoomView } from "./map_plane.ts";

/** What the map shows and whom it tells. */
export interface EmbeddingMapProps {
  points: MapPoint[];
  colourOf: (point: MapPoint) => string;
  selected: number | null;
  /** A point under the pointer or chosen by key, with its place on the canvas. */
  onSelect: (index: number | null, place: [number, number]) => void;
  onOpen: (index: number) => void;
}

/** The embedding map on a canvas: drag to pan, wheel to zoom; arrow keys choose a window and Enter opens it. */
export function EmbeddingMap({ points, colourOf, selected, onSelect, onOpen }: EmbeddingMapProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  const [moved, setMoved] = useState<View | null>(null);
  const view = moved ?? fitView(points, size);
  const dark = isDark.value;

  useEffect(() => {
    const element = canvas.current!;
    const observer = new ResizeObserver(() =>
      setSize({ width: element.clientWidth, height: element.clientHeight })
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    const element = canvas.current!;
    element.width = Math.round(size.width * devicePixelRatio);
    element.height = Math.round(size.height * devicePixelRatio);
  }, [size]);
  useEffect(() => {
    const context = canvas.current!.getContext("2d")!;
    drawMap(context, { points, view, size, colourOf, background: cssColour("--panel"), selected });
  }, [points, view, size, colourOf, selected, dark]);
  usePointer(canvas, { points, view, size, setView: setMoved, onSelect, onOpen });

  const onKeyDown = (event: KeyboardEvent) => {
    const centre: [number, number] = [size.width / 2, size.height / 2];
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const factor = { "+": 1.3, "-": 1 / 1.3 }[event.key];
    if (step !== undefined && points.length > 0) {
      const index = ((selected ?? (step > 0 ? -1 : 0)) + step + points.length) % points.length;
      onSelect(index, toCanvas(points[index].video, view, size));
    } else if (factor !== undefined) setMoved(zoomView(view, size, centre, factor));
    else if (event.key === "0") setMoved(null);
    else if (event.key === "Enter" && selected !== null) onOpen(selected);
    else if (event.key === "Escape") onSelect(null, centre);
    else return;
    event.preventDefault();
  };
  return (
    <canvas
      ref={canvas}
      class="map"
      tabIndex={0}
      role="application"
      aria-label={`Embedding map of ${points.length} windows. Arrow keys choose a window, Enter opens it, plus and ` +
        "minus zoom, 0 shows all."}
      onKeyDown={onKeyDown}
    />
  );
}

interface PointerSettings {
  points: MapPoint[];
  view: View;
  size: Size;
  setView: (view: View) => void;
  onSelect: EmbeddingMapProps["onSelect"];
  onOpen: EmbeddingMapProps["onOpen"];
}

/** Panning, zooming, hovering and opening with mouse or finger. */
function usePointer(canvas: { readonly current: HTMLCanvasElement | null }, settings: PointerSettings): void {
  const latest = useRef(settings);
  latest.current = settings;
  useEffect(() => {
    const element = canvas.current!;
    const ending = new AbortController();
    let held: { at: [number, number]; moved: boolean } | null = null;
    const listen = <K extends keyof HTMLElementEventMap>(
      type: K,
      take: (event: HTMLElementEventMap[K]) => void,
    ) => element.addEventListener(type, take, { signal: ending.signal, passive: false });

    listen("pointerdown", (event) => {
      held = { at: [event.offsetX, event.offsetY], moved: false };
      element.setPointerCapture(event.pointerId);
    });
    listen("pointermove", (event) => {
      const { points, view, size, setView, onSelect } = latest.current;
      const at: [number, number] = [event.offsetX, event.offsetY];
      if (!held) return onSelect(nearestPoint(points, view, size, at), at);
      const [dx, dy] = [at[0] - held.at[0], at[1] - held.at[1]];
      if (!held.moved && Math.hypot(dx, dy) < 4) return;
      held = { at, moved: true };
      setView({ ...view, middle: [view.middle[0] - dx / view.scale, view.middle[1] + dy / view.scale] });
    });
    listen("pointerup", (event) => {
      const { points, view, size, onSelect, onOpen } = latest.current;
      const at: [number, number] = [event.offsetX, event.offsetY];
      const index = held && !held.moved ? nearestPoint(points, view, size, at) : null;
      held = null;
      if (index === null) return;
      // A finger has no hovering: its first touch shows the window, a mouse opens it at once.
      if (event.pointerType === "touch") onSelect(index, at);
      else onOpen(index);
    });
    listen("pointercancel", () => void (held = null));
    listen("pointerleave", (event) => event.pointerType === "mouse" && latest.current.onSelect(null, [0, 0]));
    listen("wheel", (event) => {
      event.preventDefault();
      const { view, size, setView } = latest.current;
      setView(zoomView(view, size, [event.offsetX, event.offsetY], Math.exp(-event.deltaY / 400)));
    });
    return () => ending.abort();
  }, []);
}
