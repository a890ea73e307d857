import { signal, type Signal } from "@preact/signals-core";

export interface Key {
  /** As on the key, "b", "ArrowUp", "?", with "Shift+", "Ctrl+" or "Alt+" in front where they are held. */
  key: string;
  what: string;
  group: string;
  action: () => void;
}

/** Where these keys already mean something. */
const OWN_KEYS = "button, a, summary, [role=option], [role=tab], [role=menuitem], [role=listbox], [role=slider], [role=grid]";
const TAKEN = new Set(["Enter", " ", "ArrowUp", "ArrowDown"]);
const TYPING = new Set(["INPUT", "SELECT", "TEXTAREA"]);

function nameOf(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  // What Shift makes of a key ("?") says it already.
  const shift = event.shiftKey && (event.key.length > 1 || key !== event.key) ? "Shift+" : "";
  return `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}${shift}${key}`;
}

/** The keys of the page; the help sheet lists exactly these. */
export class Keys {
  readonly all: Signal<Key[]> = signal<Key[]>([]);
  /** While it holds (a dialog is open), no key acts but Escape. */
  readonly held = signal(false);

  register(key: string, what: string, action: () => void, group = "Page"): () => void {
    const entry: Key = { key, what, group, action };
    this.all.value = [...this.all.peek(), entry];
    return () => {
      this.all.value = this.all.peek().filter((each) => each !== entry);
    };
  }

  /** Listen for keys pressed anywhere in the page. */
  listen(root: Document): () => void {
    const hear = (event: KeyboardEvent): void => this.hear(event);
    root.addEventListener("keydown", hear);
    return () => root.removeEventListener("keydown", hear);
  }

  private hear(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing) return;
    const name = nameOf(event);
    // Events from a shadow root are retargeted; the path still says where they began.
    const [from] = event.composedPath();
    const typing = from instanceof HTMLElement && (TYPING.has(from.tagName) || from.isContentEditable);
    if (typing && name !== "Escape") return;
    const ownKey = TAKEN.has(name) && from instanceof HTMLElement && from.closest(OWN_KEYS) !== null;
    // A button that was just clicked keeps the focus; arrows mean nothing to it.
    if (ownKey && !(name.startsWith("Arrow") && from.tagName === "BUTTON" && from.role === null)) return;
    if (this.held.peek() && name !== "Escape") return;
    const found = this.all.peek().findLast((each) => each.key === name);
    if (found === undefined) return;
    event.preventDefault();
    found.action();
  }
}
