import { signal, type Signal } from "@preact/signals-core";
import { said, type Rest } from "../wire/rest";
import { sentence } from "./format";
import { Keys } from "./keys";
import { Settings } from "./settings";
import { Ticket } from "./ticket";

export type ToastKind = "info" | "good" | "bad";

export interface Toast {
  id: number;
  kind: ToastKind;
  text: string;
  /** Where it stands, for as long as it does: others come and go without moving it. */
  slot: number;
}

export interface Question {
  text: string;
  answer: (yes: boolean) => void;
}

const TOASTS_MAX = 4;
/** What went wrong stays longer, for it is read and not only noticed. */
const STAYS_MS: Record<ToastKind, number> = { info: 4_000, good: 4_000, bad: 9_000 };

/** What the panels share beside data: the ticket, messages, questions, settings and keys. */
export class Ui {
  readonly ticket = new Ticket();
  readonly keys = new Keys();
  readonly settings: Settings;
  readonly toasts: Signal<Toast[]> = signal<Toast[]>([]);
  readonly question: Signal<Question | null> = signal<Question | null>(null);
  private count = 0;

  constructor(rest: Rest) {
    this.settings = new Settings(rest, (sentence) => this.toast("bad", sentence));
  }

  /** Show a message for some seconds. */
  toast(kind: ToastKind, text: string): void {
    const id = ++this.count;
    const others = this.toasts.peek().slice(-(TOASTS_MAX - 1));
    const free = Array.from({ length: TOASTS_MAX }, (_, at) => at).find((at) => others.every(({ slot }) => slot !== at));
    this.toasts.value = [...others, { id, kind, text: sentence(text), slot: free ?? 0 }];
    setTimeout(() => this.drop(id), STAYS_MS[kind]);
  }

  drop(id: number): void {
    this.toasts.value = this.toasts.peek().filter((toast) => toast.id !== id);
  }

  /** Ask before something is done; a second question answers the first with no. */
  confirm(text: string): Promise<boolean> {
    this.question.peek()?.answer(false);
    return new Promise((resolve) => {
      this.question.value = {
        text,
        answer: (yes) => {
          this.question.value = null;
          resolve(yes);
        },
      };
    });
  }

  /** Do something that the server may refuse, and show its sentence then. */
  async attempt<T>(act: () => Promise<T>): Promise<T | undefined> {
    try {
      return await act();
    } catch (problem) {
      this.toast("bad", said(problem));
      return undefined;
    }
  }
}
