import { signal, type Signal } from "@preact/signals-core";

export interface Key {
  /** As on the key, "b", "ArrowUp", "?", with "Shift+", "Ctrl+" or "Alt+" in front where they are held. */
  key: string;
  what: string;
  group: string;
  action: () => void;
  /** Whether it acts again and again while it is held down: what steps does, what sends or asks does not. */
  repeats: boolean;
}

/** Where these keys already mean something. */
const OWN_KEYS = "button, input, a, summary, [role=option], [role=tab], [role=menuitem], [role=listbox], [role=slider], [role=grid]";
const TAKEN = new Set(["Enter", " ", "ArrowUp", "ArrowDown"]);
const TOGGLES = new Set(["checkbox", "radio"]);

/** Whether letters that are typed there are its own. */
function takesText(element: HTMLElement): boolean {
  if (element instanceof HTMLInputElement) return !TOGGLES.has(element.type);
  return element instanceof HTMLSelectElement || element instanceof HTMLTextAreaElement || element.isContentEditable;
}

/** Whether a key already means something to what has the focus; arrows mean nothing to a plain button that was clicked. */
function isTaken(name: string, element: HTMLElement): boolean {
  if (!TAKEN.has(name) || element.closest(OWN_KEYS) === null) return false;
  const plain = element instanceof HTMLInputElement || (element instanceof HTMLButtonElement && (element.role === null || element.role === "radio"));
  return !(plain && name.startsWith("Arrow"));
}

function nameOf(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  // What Shift makes of a key ("?") says it already.
  const shift = event.shiftKey && (event.key.length > 1 || key !== event.key) ? "Shift+" : "";
  return `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}${shift}${key}`;
}

/** The keys of the page; the help sheet lists exactly these. */
export class Keys {
  readonly all: Signal<Key[]> = signal<Key[]>([]);
  /** How to close what holds the keys, the uppermost last. */
  #held: readonly (() => void)[] = [];

  register(key: string, what: string, action: () => void, group = "Page", repeats = key.includes("Arrow")): () => void {
    const entry: Key = { key, what, group, action, repeats };
    this.all.value = [...this.all.peek(), entry];
    return () => {
      this.all.value = this.all.peek().filter((each) => each !== entry);
    };
  }

  /** From now on, as while a dialog is open, no key acts but Escape, which closes it, until what comes back is called. */
  hold(close: () => void): () => void {
    const mine = (): void => close();
    this.#held = [...this.#held, mine];
    return () => {
      this.#held = this.#held.filter((each) => each !== mine);
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
    if (from instanceof HTMLElement && name !== "Escape" && (takesText(from) || isTaken(name, from))) return;
    // Tab may have led out of a dialog, so that it does not hear its Escape itself.
    const close = this.#held.at(-1);
    if (close !== undefined && name !== "Escape") return;
    if (close !== undefined) {
      event.preventDefault();
      return close();
    }
    const found = this.all.peek().findLast((each) => each.key === name);
    if (found === undefined) return;
    event.preventDefault();
    // A key that is held down a little too long must not send an order twice.
    if (!event.repeat || found.repeats) found.action();
  }
}
