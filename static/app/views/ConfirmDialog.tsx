import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Note } from "./Parts.tsx";

interface ConfirmDialogProps {
  title: string;
  /** What will be done. */
  children: ComponentChildren;
  /** On the button that does it. */
  action: string;
  isDangerous?: boolean;
  onConfirm: () => Promise<unknown>;
  onClose: () => void;
}

/** Asks once more before something is done, and stays open with the reason when it cannot be. */
export function ConfirmDialog(
  { title, children, action, isDangerous, onConfirm, onClose }: ConfirmDialogProps,
) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  useEffect(() => dialog.current!.showModal(), []);
  const confirm = async (event: Event) => {
    event.preventDefault();
    setIsBusy(true);
    try {
      await onConfirm();
      dialog.current?.close();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      setIsBusy(false);
    }
  };
  return (
    <dialog ref={dialog} aria-labelledby="confirm-title" onClose={onClose}>
      <form class="stack" onSubmit={confirm}>
        <h2 id="confirm-title">{title}</h2>
        {children}
        {problem && <Note kind="warning">{problem}</Note>}
        <div class="row">
          <button type="submit" class={isDangerous ? "danger" : "primary"} disabled={isBusy}>{action}</button>
          <button type="button" onClick={() => dialog.current!.close()}>Cancel</button>
        </div>
      </form>
    </dialog>
  );
}
