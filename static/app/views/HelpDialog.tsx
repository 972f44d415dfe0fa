import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { bindKeys, boundKeys } from "../keys.ts";

const isOpen = signal(false);

/** Shows the list of keys. */
export function openHelp(): void {
  isOpen.value = true;
}

/** Keys of what has the focus, and what pointers do there. */
const inPlace: [where: string, keys: [key: string, does: string][]][] = [
  ["on a chart", [
    ["drag", "zooms all charts of the page to a stretch"],
    ["shift + drag, ← →", "moves along"],
    ["+ −", "zooms in and out"],
    ["double click, 0", "shows all"],
  ]],
  ["on the map", [
    ["← →", "chooses a window"],
    ["Enter", "opens and plays it"],
    ["space", "puts it into the list"],
    ["v", "lists all in view; with shift, besides those listed"],
    ["shift + ← → ↑ ↓", "moves along"],
    ["+ −, pinch", "zooms in and out"],
    ["0", "shows all"],
  ]],
  ["on a matrix or the affinities", [["← → ↑ ↓, Home, End", "goes to another cell or epoch"]]],
];

bindKeys([{ key: "?", does: "shows this help", act: openHelp }]);

/** All keys of the page that is shown. */
export function HelpDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (isOpen.value) dialog.current!.showModal();
  }, [isOpen.value]);
  return (
    <dialog ref={dialog} aria-labelledby="help-title" onClose={() => isOpen.value = false}>
      <div class="row spread">
        <h2 id="help-title">Keys</h2>
        <button type="button" onClick={() => dialog.current!.close()}>Close</button>
      </div>
      <dl class="keys">
        {isOpen.value && boundKeys().map(({ key, does }) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
        {inPlace.flatMap(([where, keys]) =>
          keys.map(([key, does]) => (
            <div key={`${where} ${key}`}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{where}: {does}</dd>
            </div>
          ))
        )}
      </dl>
      <p class="muted small">
        The address of the page holds what it shows: filters, zoom and choices can be bookmarked and sent, and
        the browser's back and forward undo and redo them.
      </p>
    </dialog>
  );
}
