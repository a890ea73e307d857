import { effect, signal } from "@preact/signals-core";
import type { PreviewOut } from "../../wire/answers";
import type { PlaceOrder } from "../../wire/frames";
import { said } from "../../wire/rest";
import type { Desk } from "../desk-context";
import { isOver } from "../session-address";

/** After the last change of the ticket, so that typing does not ask for every digit. */
const TYPING_MS = 180;
/** The market moves under an order that is only looked at. */
const AGAIN_MS = 3_000;

/** What the server says that the ticket's order would do: asked for when the ticket rests, again while it stays. */
export class Previews {
  readonly found = signal<PreviewOut | null>(null);
  /** Why there is none: the server's sentence. */
  readonly problem = signal("");
  /** Whether what was found is of the order as it is now, and not of the one before the last key. */
  readonly fresh = signal(false);
  private asked = "";
  private number = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly stop: () => void;

  constructor(
    private readonly desk: Desk,
    private readonly order: () => PlaceOrder | null,
  ) {
    this.stop = effect(() => this.changed(this.order()));
  }

  close(): void {
    this.stop();
    clearTimeout(this.timer);
    this.number++;
  }

  /** What an order would do, now. */
  try(order: PlaceOrder): Promise<PreviewOut> {
    return this.desk.rest.post<PreviewOut>(`/api/sessions/${encodeURIComponent(this.desk.session)}/orders/preview`, order);
  }

  /** Ask again soon: an order was sent, or the account has changed. */
  refresh(): void {
    const order = this.order();
    if (order !== null) this.wait(order, TYPING_MS);
  }

  private changed(order: PlaceOrder | null): void {
    const text = JSON.stringify(order);
    if (text === this.asked) return;
    const other = this.found.peek()?.symbol !== order?.symbol || this.found.peek()?.side !== order?.side;
    this.asked = text;
    this.number++;
    this.fresh.value = false;
    clearTimeout(this.timer);
    if (order === null) {
      this.found.value = null;
      this.problem.value = "";
      return;
    }
    // Numbers of an order that is gone must not stand beside the new one's.
    if (other) this.found.value = null;
    this.wait(order, TYPING_MS);
  }

  private wait(order: PlaceOrder, ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.ask(order), ms);
  }

  private async ask(order: PlaceOrder): Promise<void> {
    const number = ++this.number;
    if (isOver(this.desk.store.session.peek()?.state)) {
      this.found.value = null;
      this.problem.value = "The session is over: orders are no longer taken.";
      this.fresh.value = true;
      return;
    }
    if (document.hidden || this.desk.stream.link.peek() !== "open") return this.wait(order, AGAIN_MS);
    try {
      const found = await this.try(order);
      if (number !== this.number) return;
      this.found.value = found;
      this.problem.value = "";
      this.fresh.value = true;
    } catch (problem) {
      if (number !== this.number) return;
      this.found.value = null;
      this.fresh.value = true;
      this.problem.value = said(problem);
    }
    this.wait(order, AGAIN_MS);
  }
}
