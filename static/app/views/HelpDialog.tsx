import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { bindKeys, boundKeys } from "../keys.ts";

const isOpen = signal(false);

/** Shows the help. */
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

/** What a newcomer to this program, not to the field, cannot know. */
const words: [word: string, means: string][] = [
  [
    "window",
    "a stretch of a scan, of two seconds unless prepared otherwise: its frames and the speech meanwhile",
  ],
  ["held out", "subjects of validation and test, whom training never sees"],
  ["R@5", "how often the right window is among the first five of all that are held out; higher is better"],
  ["median rank", "at which place the right window comes; lower is better"],
  ["chance", "what a network gets that has learned nothing"],
  ["WebRTC, energy", "two detectors of voice: the share of a window in which each of them hears speech"],
  ["affinity", "how well a window's speech fits its pictures: the cosine of their embeddings"],
  [
    "pace",
    "who is let in: the windows that the correlation and contrastive losses count, by voice or by affinity",
  ],
];

bindKeys([{ key: "?", does: "shows this help", act: openHelp }]);

/** The words that the page uses, and all its keys. */
export function HelpDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (isOpen.value) dialog.current!.showModal();
  }, [isOpen.value]);
  return (
    <dialog ref={dialog} aria-labelledby="help-title" onClose={() => isOpen.value = false}>
      <div class="row spread">
        <h2 id="help-title">Words</h2>
        <button type="button" onClick={() => dialog.current!.close()}>Close</button>
      </div>
      <dl class="keys">
        {words.map(([word, means]) => (
          <div key={word}>
            <dt>{word}</dt>
            <dd>{means}</dd>
          </div>
        ))}
      </dl>
      <h2>Keys</h2>
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
