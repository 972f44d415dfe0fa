/**
 * Panning, zooming, encircling, hovering and opening with mouse, finger or pen.
 *
 * @module
 */

import { useEffect, useRef } from "preact/hooks";
import type { Place } from "./map_plane.ts";

/** What pointers do; places are CSS pixels on the canvas. */
export interface PointerActions {
  /** Whether dragging encircles; with shift it always does. */
  isLasso: boolean;
  hover: (place: Place) => void;
  leave: () => void;
  pan: (by: Place) => void;
  zoom: (at: Place, factor: number) => void;
  /** Two fingers moved from places to others. */
  pinch: (before: [Place, Place], after: [Place, Place]) => void;
  /** The line so far; empty when it was given up. */
  draw: (line: Place[]) => void;
  encircle: (polygon: Place[], isMore: boolean) => void;
  open: (place: Place, isTouch: boolean) => void;
}

interface Held {
  at: Place;
  hasMoved: boolean;
  /** The line of a lasso; null while panning. */
  line: Place[] | null;
}

/** A drag shorter than this is a click, CSS pixels. */
const clickReach = 4;

/** Follows pointers over an element. */
export function useMapPointer(
  element: { readonly current: HTMLElement | null },
  actions: PointerActions,
): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    const watched = element.current!;
    const ending = new AbortController();
    let held: Held | null = null;
    /** Where the fingers are, by pointer; a mouse or pen is not among them. */
    const fingers = new Map<number, Place>();
    const listen = <K extends keyof HTMLElementEventMap>(
      type: K,
      take: (event: HTMLElementEventMap[K]) => void,
    ) => watched.addEventListener(type, take, { signal: ending.signal, passive: false });
    const giveUpLine = () => {
      if (held?.line) latest.current.draw([]);
    };

    listen("pointerdown", (event) => {
      if (event.button !== 0) return;
      const at: Place = [event.offsetX, event.offsetY];
      watched.setPointerCapture(event.pointerId);
      if (event.pointerType === "touch") fingers.set(event.pointerId, at);
      if (fingers.size > 1) {
        // A second finger means to look elsewhere, not to encircle or to open.
        giveUpLine();
        held = null;
        return;
      }
      held = { at, hasMoved: false, line: latest.current.isLasso || event.shiftKey ? [at] : null };
    });
    listen("pointermove", (event) => {
      const at: Place = [event.offsetX, event.offsetY];
      if (fingers.has(event.pointerId)) {
        const before = [...fingers.values()];
        fingers.set(event.pointerId, at);
        const after = [...fingers.values()];
        if (fingers.size === 2) latest.current.pinch([before[0], before[1]], [after[0], after[1]]);
        if (fingers.size > 1) return;
      }
      if (!held) {
        // A finger that is left of two rests until it is lifted.
        if (fingers.size === 0) latest.current.hover(at);
        return;
      }
      const by: Place = [at[0] - held.at[0], at[1] - held.at[1]];
      if (!held.hasMoved && Math.hypot(...by) < clickReach) return;
      held.hasMoved = true;
      held.at = at;
      if (!held.line) return latest.current.pan(by);
      held.line.push(at);
      latest.current.draw([...held.line]);
    });
    listen("pointerup", (event) => {
      fingers.delete(event.pointerId);
      const before = held;
      held = null;
      if (!before) return;
      if (!before.hasMoved) {
        latest.current.open([event.offsetX, event.offsetY], event.pointerType === "touch");
      } else if (before.line) latest.current.encircle(before.line, event.shiftKey);
    });
    listen("pointercancel", (event) => {
      fingers.delete(event.pointerId);
      giveUpLine();
      held = null;
    });
    listen("pointerleave", (event) => event.pointerType === "mouse" && !held && latest.current.leave());
    listen("wheel", (event) => {
      event.preventDefault();
      latest.current.zoom([event.offsetX, event.offsetY], Math.exp(-event.deltaY / 400));
    });
    return () => ending.abort();
  }, []);
}
