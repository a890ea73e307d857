import { batch } from "@preact/signals-core";

/** Gathers what changed and has it done once per animation frame: a hidden tab has none, so it does nothing. */
export class Painter {
  private readonly due = new Set<() => void>();
  private frame = 0;

  constructor(private readonly next: (run: () => void) => number = (run) => requestAnimationFrame(run)) {}

  /** Have something done at the next frame; the same function once, however often it is asked for. */
  soon(task: () => void): void {
    this.due.add(task);
    if (this.frame === 0) this.frame = this.next(() => this.run());
  }

  private run(): void {
    this.frame = 0;
    const tasks = [...this.due];
    this.due.clear();
    batch(() => {
      for (const task of tasks) task();
    });
  }
}
