import { computed, signal, type ReadonlySignal, type Signal } from "@preact/signals-core";
import type { ClassOut, MeOut, ReportKindOut, ReportRunOut, ReportsOut, ReviewAccountOut, ReviewAccountsOut, ReviewSessionOut, ReviewSessionsOut } from "../wire/answers";
import { said, type Rest } from "../wire/rest";
import { waits } from "./run";
import { asked, moved, NO_WISH, ofDays, ofSession, within, type Whose, type Wish } from "./wish";

const AGAIN_MS = 700;
const SLOWLY_MS = 15_000;
/** Runs that are followed one by one: more of them are read with the list. */
const FOLLOWED_MAX = 5;
const PAGE = 50;
/** Sessions of some days whose people are offered; of more they are chosen by session. */
const SESSIONS_MAX = 20;

/** What is of everybody side by side, and so of nobody alone. */
const OF_A_CLASS = "class_summary";

/** The reports of one person, and what they may have made. */
export class Shelf {
  readonly me: Signal<MeOut | null> = signal<MeOut | null>(null);
  readonly told: Signal<ReportsOut | null> = signal<ReportsOut | null>(null);
  readonly runs: Signal<readonly ReportRunOut[]> = signal<readonly ReportRunOut[]>([]);
  readonly sessions: Signal<readonly ReviewSessionOut[]> = signal<readonly ReviewSessionOut[]>([]);
  /** Whose there may be, for who may read the class; nobody else is asked. */
  readonly choices: Signal<readonly Whose[]> = signal<readonly Whose[]>([]);
  readonly wish: Signal<Wish> = signal<Wish>(NO_WISH);
  /** What may be made of whom is wished for. */
  readonly kinds: ReadonlySignal<readonly ReportKindOut[]> = computed(() =>
    (this.told.value?.kinds ?? []).filter(({ name }) => name !== OF_A_CLASS || this.wish.value.whose.startsWith("class:")),
  );
  readonly problem: Signal<string> = signal("");
  readonly busy: Signal<boolean> = signal(false);
  readonly waiting: ReadonlySignal<number> = computed(() => this.runs.value.filter((run) => run.own && waits(run)).length);
  /** Whether others may be chosen too. */
  readonly staff: ReadonlySignal<boolean> = computed(() => (this.me.value?.permissions ?? []).includes("read_class"));
  private readonly accounts = new Map<string, Promise<readonly ReviewAccountOut[]>>();
  private classes: Promise<readonly ClassOut[]> | undefined;
  private readAt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly rest: Rest,
    private readonly wanted: string,
  ) {}

  async start(): Promise<void> {
    const [me, over] = await Promise.all([this.rest.get<MeOut>("/api/auth/me"), this.rest.get<ReviewSessionsOut>("/api/reviews")]);
    this.me.value = me;
    this.sessions.value = over.reviews;
    await this.read();
    const session = over.reviews.find((each) => each.session === this.wanted) ?? over.reviews[0];
    this.wish.value = { ...NO_WISH, first: session?.first_day ?? "", last: session?.last_day ?? "" };
    await this.choose(session?.session ?? "");
  }

  /** Wish for something else; of what there is not for whom is wished for, the first that there is. */
  ask(wish: Partial<Wish>): void {
    this.wish.value = { ...this.wish.peek(), ...wish };
    const [first, ...others] = this.kinds.peek();
    const { report } = this.wish.peek();
    if (![first, ...others].some((kind) => kind?.name === report)) this.wish.value = { ...this.wish.peek(), report: first?.name ?? "" };
  }

  /** Make wishes about a session. */
  async choose(session: string): Promise<void> {
    const own = this.sessions.peek().find((each) => each.session === session)?.account ?? "";
    await this.offer({ ...this.wish.peek(), of: "session", session }, async () => ofSession(await this.accountsOf(session), own));
  }

  /** Make wishes about days; those of the session that was chosen, to begin with. */
  async chooseDays(change: Partial<Pick<Wish, "first" | "last">> = {}): Promise<void> {
    const wish = moved({ ...this.wish.peek(), of: "days" }, change);
    const found = within(this.sessions.peek(), wish);
    const me = this.me.peek();
    await this.offer(wish, async () => {
      const accounts = await Promise.all(found.slice(0, SESSIONS_MAX).map(({ session }) => this.accountsOf(session)));
      this.classes ??= this.rest.get<{ classes: ClassOut[] }>("/api/classes").then(({ classes }) => classes);
      const own = found.some(({ account }) => account !== "");
      return ofDays(accounts.flat(), await this.classes, me?.name ?? "", own, (me?.permissions ?? []).includes("administer"));
    });
  }

  /** Take a wish over with whom it may be about; who was chosen stays where they are among them. */
  private async offer(wish: Wish, choices: () => Promise<readonly Whose[]>): Promise<void> {
    const staff = this.staff.peek() && (wish.of === "days" || wish.session !== "");
    // Until it is known whose there may be, the choice stands as it was.
    this.ask(staff && wish.of === this.wish.peek().of ? wish : { ...wish, whose: "" });
    if (!staff) return;
    try {
      const found = await choices();
      if (!same(this.wish.peek(), wish)) return;
      this.choices.value = found;
      const { whose } = this.wish.peek();
      // Who had no seat there begins with everybody.
      if (!found.some(({ value }) => value === whose)) this.ask({ whose: found[0]?.value ?? "" });
    } catch (refusal) {
      this.problem.value = said(refusal);
    }
  }

  private accountsOf(session: string): Promise<readonly ReviewAccountOut[]> {
    const known = this.accounts.get(session);
    if (known !== undefined) return known;
    const found = this.rest.get<ReviewAccountsOut>(`/api/sessions/${encodeURIComponent(session)}/review/accounts`).then(({ accounts }) => accounts);
    this.accounts.set(session, found);
    found.catch(() => this.accounts.delete(session));
    return found;
  }

  /** Read the newest anew, and again for as long as something is being made. */
  async read(): Promise<void> {
    clearTimeout(this.timer);
    try {
      const told = await this.rest.get<ReportsOut>(`/api/reports?limit=${PAGE}`);
      const newest = new Set(told.reports.map(({ run }) => run));
      const older = this.told.peek() === null ? [] : this.runs.peek().slice(PAGE).filter(({ run }) => !newest.has(run));
      if (older.length === 0) this.told.value = told;
      else this.told.value = { ...told, next: this.told.peek()?.next ?? null };
      this.runs.value = [...told.reports, ...older];
    } catch (refusal) {
      this.problem.value = said(refusal);
    }
    this.readAt = performance.now();
    this.wait();
  }

  /** Ask again, soon for what is being made and now and then for the list; a hidden tab asks nothing. */
  private wait(): void {
    const followed = this.runs.peek().some((run) => waits(run));
    this.timer = setTimeout(
      () => {
        if (document.hidden) this.wait();
        else if (performance.now() - this.readAt >= SLOWLY_MS) void this.read();
        else void this.follow();
      },
      followed ? AGAIN_MS : SLOWLY_MS,
    );
  }

  /** How far those have come that wait, the ones asked for first before others. */
  private async follow(): Promise<void> {
    const asked = this.runs.peek().filter((run) => waits(run));
    try {
      const found = await Promise.all(asked.slice(-FOLLOWED_MAX).map(({ run }) => this.rest.get<ReportRunOut>(`/api/reports/${run}`)));
      const now = new Map(found.map((run) => [run.run, run]));
      this.runs.value = this.runs.peek().map((run) => now.get(run.run) ?? run);
    } catch (refusal) {
      this.problem.value = said(refusal);
    }
    clearTimeout(this.timer);
    this.wait();
  }

  /** Read those that are older than what is shown. */
  async older(): Promise<void> {
    const before = this.told.peek()?.next ?? null;
    if (before === null) return;
    try {
      const told = await this.rest.get<ReportsOut>(`/api/reports?limit=${PAGE}&before=${encodeURIComponent(before)}`);
      this.told.value = told;
      const known = new Set(this.runs.peek().map(({ run }) => run));
      this.runs.value = [...this.runs.peek(), ...told.reports.filter(({ run }) => !known.has(run))];
    } catch (refusal) {
      this.problem.value = said(refusal);
    }
  }

  /** Have what is wished for made. */
  async run(): Promise<void> {
    this.busy.value = true;
    this.problem.value = "";
    try {
      await this.rest.post<ReportRunOut>("/api/reports", asked(this.wish.peek()));
      await this.read();
    } catch (refusal) {
      this.problem.value = said(refusal);
    } finally {
      this.busy.value = false;
    }
  }
}

/** Whether two wishes are of the same, whoever and whichever report it is. */
function same(one: Wish, other: Wish): boolean {
  return one.of === other.of && one.session === other.session && one.first === other.first && one.last === other.last;
}
