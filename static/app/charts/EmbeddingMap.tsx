import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { cssColour, isDark } from "../hooks.ts";
import type { Rgb } from "./map_colours.ts";
import { drawOverlay } from "./map_overlay.ts";
import type { MapPainter, MapScene } from "./map_painter.ts";
import {
  fitView,
  panView,
  pinchView,
  type Place,
  placeOf,
  PointIndex,
  type Size,
  toCanvas,
  toMap,
  type View,
  viewOf,
  viewPolygon,
  viewText,
  zoomView,
} from "./map_plane.ts";
import { usePainter } from "./use_painter.ts";
import { useMapPointer } from "./use_map_pointer.ts";

/** What the map shows and whom it tells. */
export interface EmbeddingMapProps {
  /** Where the windows' points are and come from, and how they look. */
  scene: Omit<MapScene, "background">;
  /** Windows that can be reached: what stands back cannot. */
  isLit: (window: number) => boolean;
  /** The window under the pointer or chosen by key. */
  current: number | null;
  /** Whether dragging encircles windows. */
  isLasso: boolean;
  /** The view in the address; everything is shown without one. */
  viewInAddress: string | null;
  /** `webgl` or `canvas` draws with that, in software too; what does best is found out without it. */
  drawWith: string | null;
  /** A window under the pointer or chosen by key, with its place on the canvas. */
  onCurrent: (window: number | null, place: Place) => void;
  onOpen: (window: number) => void;
  /** Windows that were encircled, and whether they come to those that were chosen before. */
  onLasso: (windows: number[], isMore: boolean) => void;
  onView: (text: string) => void;
  /** With what it is drawn: the plain canvas also stands in where WebGL is missing, lost, or slower. */
  onDrawn: (kind: MapPainter["kind"]) => void;
}

/** Factor of one press of a key or button. */
const zoomStep = 1.3;
const panStep = 60;

/** The embedding map: drag to pan, wheel or pinch to zoom, or drag around windows; everything by key, too. */
export function EmbeddingMap(props: EmbeddingMapProps) {
  const [isLost, setLost] = useState(false);
  const drawWith = isLost ? "canvas" : props.drawWith;
  // A canvas keeps its first kind of context: another kind needs another canvas.
  return <MapCanvas key={drawWith} {...props} drawWith={drawWith} onLost={() => setLost(true)} />;
}

function MapCanvas(props: EmbeddingMapProps & { onLost: () => void }) {
  const { scene, current, isLasso, viewInAddress, onCurrent, onOpen, onLasso, onView, isLit } = props;
  const base = useRef<HTMLCanvasElement>(null);
  const overlay = useRef<HTMLCanvasElement>(null);
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  const [moved, setMoved] = useState<View | null>(null);
  const [lasso, setLasso] = useState<Place[]>([]);
  const dark = isDark.value;
  const fitted = useMemo(() => fitView(scene.places, size), [scene.places, size]);
  const view = moved ?? viewOf(viewInAddress, size) ?? fitted;
  const index = useMemo(() => new PointIndex(scene.places), [scene.places]);
  const background = useMemo(() => rgbOf(cssColour("--panel")), [dark]);
  const painted = useMemo(() => ({ ...scene, background }), [scene, background]);
  const { drawWith, onLost, onDrawn } = props;
  const kind = usePainter(base, { scene: painted, view, size, drawWith, onLost });
  useEffect(() => {
    if (kind !== null) onDrawn(kind);
  }, [kind]);

  useSize(base, setSize);
  // The address follows when the view has come to rest; "back" in the browser leads the view.
  useEffect(() => {
    if (!moved) return;
    const timer = setTimeout(() => onView(viewText(moved, size)), 250);
    return () => clearTimeout(timer);
  }, [moved]);
  useEffect(() => setMoved(null), [viewInAddress]);
  useEffect(() => {
    drawOverlay(overlay.current!, { scene: painted, view, size, current, lasso });
  }, [painted, view, size, current, lasso]);

  const litAt = (place: Place) => {
    const window = index.nearest(view, size, place);
    return window !== null && isLit(window) ? window : null;
  };
  useMapPointer(base, {
    isLasso,
    hover: (place) => onCurrent(litAt(place), place),
    leave: () => onCurrent(null, [0, 0]),
    pan: (by) => setMoved(panView(view, by)),
    zoom: (at, factor) => setMoved(zoomView(view, size, at, factor)),
    pinch: (before, after) => setMoved(pinchView(view, size, { before, after })),
    draw: setLasso,
    encircle: (polygon, isMore) => {
      setLasso([]);
      onLasso(index.inside(polygon.map((place) => toMap(place, view, size))).filter(isLit), isMore);
    },
    open: (place, isTouch) => {
      const window = litAt(place);
      // A finger has no hovering: its first touch shows the window, a mouse opens it at once.
      if (isTouch && window !== current) onCurrent(window, place);
      else if (window !== null) onOpen(window);
    },
  });

  const centre: Place = [size.width / 2, size.height / 2];
  const zoom = (factor: number) => setMoved(zoomView(view, size, centre, factor));
  const showAll = () => {
    setMoved(null);
    onView("");
  };
  const walk = (step: number) => {
    const lit = Array.from({ length: scene.order.length }, (_, i) => i).filter(isLit);
    if (lit.length === 0) return;
    const at = current === null ? -1 : lit.indexOf(current);
    const next = lit[at < 0 ? (step > 0 ? 0 : lit.length - 1) : (at + step + lit.length) % lit.length];
    onCurrent(next, toCanvas(placeOf(scene.places, next, "video"), view, size));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const pans: Record<string, Place> = {
      ArrowRight: [-panStep, 0],
      ArrowLeft: [panStep, 0],
      ArrowDown: [0, -panStep],
      ArrowUp: [0, panStep],
    };
    const pan = pans[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (pan && event.shiftKey) setMoved(panView(view, pan));
    else if (pan) walk(event.key === "ArrowRight" || event.key === "ArrowDown" ? 1 : -1);
    else if (event.key === "+" || event.key === "-") zoom(event.key === "+" ? zoomStep : 1 / zoomStep);
    else if (event.key === "0") showAll();
    else if (event.key === "Enter" && current !== null) onOpen(current);
    else if (event.key === " " && current !== null) onLasso([current], true);
    else if (event.key === "v") onLasso(index.inside(viewPolygon(view, size)).filter(isLit), event.shiftKey);
    else if (event.key === "Escape") onCurrent(null, centre);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <>
      <canvas
        ref={base}
        class={isLasso ? "map lasso" : "map"}
        tabIndex={0}
        role="application"
        aria-label={`Embedding map of ${scene.order.length} windows. Arrow keys choose a window, Enter plays it, ` +
          "space puts it into the list, v lists all in view, shift with arrows moves, plus and minus zoom, 0 shows all."}
        data-drawn-with={kind}
        onKeyDown={onKeyDown}
      />
      <canvas ref={overlay} class="map-overlay" aria-hidden="true" />
      <div class="map-buttons row tight" role="group" aria-label="View of the map">
        <button type="button" aria-label="Zoom in" onClick={() => zoom(zoomStep)}>+</button>
        <button type="button" aria-label="Zoom out" onClick={() => zoom(1 / zoomStep)}>−</button>
        <button type="button" onClick={showAll}>All</button>
      </div>
    </>
  );
}

/** Tells the size of an element, now and when it changes. */
function useSize(element: { readonly current: HTMLElement | null }, tell: (size: Size) => void): void {
  useEffect(() => {
    const watched = element.current!;
    const observer = new ResizeObserver(() =>
      tell({ width: watched.clientWidth, height: watched.clientHeight })
    );
    observer.observe(watched);
    return () => observer.disconnect();
  }, []);
}

/** A colour of the style sheet, `#rrggbb`. */
function rgbOf(hex: string): Rgb {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)) as Rgb;
}
