import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Keys } from "./keys";

/** In so short a time two clicks are one double click. */
const TWICE_MS = 500;

interface Props {
  keys: Keys;
  title: string;
  testid: string;
  role?: "dialog" | "alertdialog";
  onClose: () => void;
  children: ComponentChildren;
}

/** A modal sheet: the browser keeps the focus inside and gives it back; Escape and a click beside it close it. */
export function Sheet({ keys, title, testid, role = "dialog", onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const opened = useRef(0);
  const close = useRef(onClose);
  close.current = onClose;
  // Not a plain effect, whose end comes after the next paint: a key pressed as soon as the sheet is gone would be lost.
  useLayoutEffect(() => {
    dialog.current?.showModal();
    opened.current = performance.now();
    return keys.hold(() => close.current());
  }, [keys]);
  return (
    <dialog
      ref={dialog}
      class="sheet"
      role={role}
      aria-label={title}
      data-testid={testid}
      onKeyDown={(event) => {
        // A key that is still held down from what opened it must not press its button.
        if (event.repeat && (event.key === "Enter" || event.key === " ")) event.preventDefault();
        // The page's own Escape would keep the browser's from closing it.
        if (event.key !== "Escape") return;
        event.preventDefault();
        event.stopPropagation();
        onClose();
      }}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => {
        // The second click of who clicks twice was meant for what opened it, and lands beside it: when it was made counts,
        // for a busy page hears of it late.
        const twice = event.timeStamp - opened.current < TWICE_MS;
        if (event.target !== dialog.current) return;
        // Nor does it mark a word of the sheet.
        if (twice) event.preventDefault();
        else onClose();
      }}
    >
      {children}
    </dialog>
  );
}
