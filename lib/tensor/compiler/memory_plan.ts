/**
 * Which values may share memory: each gets a stretch of a slot, and no two stretches that overlap are alive at once.
 *
 * A slot is a buffer. WebGPU lets a kernel read one stretch of a buffer and write another only through a binding that
 * could write both, so values of one slot are never read and written by the same kernel.
 *
 * @see Pisarchyk and Lee, Efficient memory management for deep neural net inference, 2020: greedy by size, as there for
 * shared objects and for offsets. Plans come close to the lower bound, what is alive at once.
 * @module
 */

import { aligned, type Dispatch, type Value, wordsIn } from "./value.ts";

/** Sizes of the slots, in words of float32. Values' places are set. */
export interface MemoryPlan {
  /** One size a slot. */
  slots: readonly number[];
  /** The sum of all planned values' sizes, as if nothing were shared. */
  unsharedSize: number;
}

type Access = Dispatch["bindings"][number]["access"];

interface Lifetime {
  value: Value;
  size: number;
  first: number;
  last: number;
  /** How each dispatch reaches it. */
  uses: Map<number, Access | "both">;
}

interface Placed extends Lifetime {
  offset: number;
}

/** Finds slots for all values that have no place yet; they live from the dispatch that writes them to the last. */
export function planMemory(dispatches: readonly Dispatch[]): MemoryPlan {
  const lifetimes = lifetimesOf(dispatches);
  const slots: { size: number; taken: Placed[] }[] = [];
  for (const lifetime of lifetimes.sort((a, b) => b.size - a.size || a.first - b.first)) {
    let [slot, offset, tightest] = [slots.length, 0, Infinity];
    slots.forEach(({ size, taken }, i) => {
      for (const gap of gapsFor(lifetime, taken, size)) {
        if (gap.size < tightest) [slot, offset, tightest] = [i, gap.offset, gap.size];
      }
    });
    slots[slot] ??= { size: lifetime.size, taken: [] };
    slots[slot].taken.push({ ...lifetime, offset });
    lifetime.value.place = { kind: "slot", slot, offset };
  }
  return {
    slots: slots.map(({ size }) => size),
    unsharedSize: lifetimes.reduce((sum, { size }) => sum + size, 0),
  };
}

function lifetimesOf(dispatches: readonly Dispatch[]): Lifetime[] {
  const lifetimes = new Map<Value, Lifetime>();
  dispatches.forEach(({ bindings }, i) => {
    for (const { value, access } of bindings) {
      if (value.place) continue;
      const known = lifetimes.get(value) ??
        { value, size: wordsIn(value), first: i, last: i, uses: new Map() };
      lifetimes.set(value, known);
      known.last = i;
      known.uses.set(i, (known.uses.get(i) ?? access) === access ? access : "both");
    }
  });
  return [...lifetimes.values()];
}

/** Where a slot has room for a value while it lives. */
function gapsFor(
  lifetime: Lifetime,
  taken: readonly Placed[],
  slotSize: number,
): { offset: number; size: number }[] {
  const alive = taken.filter((other) => lifetime.first <= other.last && other.first <= lifetime.last);
  if (alive.some((other) => areMixed(lifetime, other))) return [];
  const gaps = [];
  let offset = 0;
  for (const other of alive.sort((a, b) => a.offset - b.offset)) {
    gaps.push({ offset, size: other.offset - offset });
    offset = Math.max(offset, aligned(other.offset + other.size));
  }
  gaps.push({ offset, size: slotSize - offset });
  return gaps.filter(({ size }) => size >= lifetime.size);
}

/** Whether a dispatch reads one value and writes the other. */
function areMixed(a: Lifetime, b: Lifetime): boolean {
  for (const [dispatch, access] of a.uses) {
    const other = b.uses.get(dispatch);
    if (other && (other !== access || access === "both")) return true;
  }
  return false;
}
