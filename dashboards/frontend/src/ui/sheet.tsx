import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Keys } from "./keys";

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
  useEffect(() => {
    dialog.current?.showModal();
    keys.held.value = true;
    return () => {
      keys.held.value = false;
    };
  }, [keys]);
  return (
    <dialog
      ref={dialog}
      class="sheet"
      role={role}
      aria-label={title}
      data-testid={testid}
      onKeyDown={(event) => {
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
        if (event.target === dialog.current) onClose();
      }}
    >
      {children}
    </dialog>
  );
}
