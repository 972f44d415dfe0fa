/**
 * Keeps a canvas painted: with WebGL where it is there and quick, else on the plain canvas.
 *
 * @module
 */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { CanvasPainter } from "./canvas_painter.ts";
import type { MapPainter, MapScene } from "./map_painter.ts";
import type { Size, View } from "./map_plane.ts";
import { webglPainter } from "./webgl_painter.ts";

/** How long points are on their way to new places, milliseconds. */
const travelTime = 600;

interface Painting {
  scene: MapScene;
  view: View;
  size: Size;
  /** See `EmbeddingMapProps`; it stays what it is. */
  drawWith: string | null;
  /** WebGL cannot go on: another canvas must do without it. */
  onLost: () => void;
}

/** Paints a scene whenever it, the view or the size changes, once a frame. @returns What paints. */
export function usePainter(
  canvas: { readonly current: HTMLCanvasElement | null },
  painting: Painting,
): MapPainter["kind"] | null {
  const { scene, view, size } = painting;
  const [kind, setKind] = useState<MapPainter["kind"] | null>(null);
  const painter = useRef<MapPainter | null>(null);
  const travel = useRef<{ start: number } | null>(null);
  const lastFrom = useRef(scene.from);
  const frame = useRef(0);
  const latest = useRef(painting);
  latest.current = painting;

  const paint = () => {
    cancelAnimationFrame(frame.current);
    frame.current = requestAnimationFrame((now) => {
      const { view, size } = latest.current;
      const element = canvas.current;
      if (!element || size.width === 0) return;
      const share = travel.current ? Math.min(1, Math.max(0, (now - travel.current.start) / travelTime)) : 1;
      const eased = share ** 2 * (3 - 2 * share);
      painter.current?.paint({ view, size, share: eased, ratio: fitCanvas(element, size) });
      if (share < 1) return paint();
      travel.current = null;
      element.removeAttribute("aria-busy");
    });
  };
  useLayoutEffect(() => {
    const element = canvas.current!;
    const made = makePainter(element, painting.drawWith);
    if (!made) latest.current.onLost();
    painter.current = made;
    setKind(made?.kind ?? null);
    const onLost = () => latest.current.onLost();
    element.addEventListener("webglcontextlost", onLost);
    return () => {
      cancelAnimationFrame(frame.current);
      element.removeEventListener("webglcontextlost", onLost);
      made?.dispose();
    };
  }, []);
  useLayoutEffect(() => {
    painter.current?.setScene(scene);
    // Other colours on the way change nothing about the way.
    if (scene.from !== lastFrom.current) {
      lastFrom.current = scene.from;
      const isStill = scene.from === scene.places || matchMedia("(prefers-reduced-motion: reduce)").matches;
      travel.current = isStill ? null : { start: performance.now() };
      if (!isStill) canvas.current!.setAttribute("aria-busy", "true");
    }
    paint();
  }, [scene]);
  useEffect(paint, [view, size]);
  return kind;
}

/** Null where the canvas was given to WebGL, which then did not work. */
function makePainter(canvas: HTMLCanvasElement, wanted: string | null): MapPainter | null {
  try {
    const webgl = wanted === "canvas" ? null : webglPainter(canvas, wanted === "webgl");
    if (webgl) return webgl;
  } catch {
    return null;
  }
  const context = canvas.getContext("2d", { alpha: false });
  return context && new CanvasPainter(context);
}

/** Gives a canvas as many pixels as it shows. @returns Device pixels per CSS pixel. */
function fitCanvas(canvas: HTMLCanvasElement, { width, height }: Size): number {
  const ratio = devicePixelRatio;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  return ratio;
}
