/**
 * Keys that work on every page, unless something is being typed.
 *
 * @module
 */

/** A key and what it does; views add theirs while they are shown. */
export interface KeyBinding {
  key: string;
  /** For the list of keys. */
  does: string;
  act: () => void;
}

const bindings = new Set<KeyBinding>();

/** Adds keys; the answer takes them away again. */
export function bindKeys(added: readonly KeyBinding[]): () => void {
  for (const binding of added) bindings.add(binding);
  return () => added.forEach((binding) => bindings.delete(binding));
}

/** The keys that work now. */
export function boundKeys(): KeyBinding[] {
  return [...bindings];
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const binding = boundKeys().findLast(({ key }) => key === event.key);
  if (!binding) return;
  event.preventDefault();
  binding.act();
});

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest("dialog[open]")) return true;
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement ||
    (target instanceof HTMLInputElement && target.type !== "checkbox" && target.type !== "range");
}
