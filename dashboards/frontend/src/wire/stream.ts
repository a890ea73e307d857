import { signal, type Signal } from "@preact/signals-core";
import { CLOSE, type Ack, type AnyFrame, type PlaceOrder, type Refused, type ReplaceOrder, type Request } from "./frames";
import { ApiProblem } from "./rest";
import { Table, type Change } from "./table";

export type Link = "connecting" | "open" | "lost" | "ended";

/** A request over the stream that the exchange or the server refused. */
export class Refusal extends ApiProblem {
  constructor(
    readonly reason: string,
    code: string,
    message: string,
  ) {
    super(422, code, message);
    this.name = "Refusal";
  }
}

/** What a stream needs of the world; tests give their own. */
export interface World {
  open(address: string): WebSocket;
  /** Called before coming back: renews the log-in if it has run out, and throws when there is none any more. */
  renew(): Promise<unknown>;
  now(): number;
}

interface Waiting {
  resolve(ack: Ack): void;
  reject(problem: Error): void;
}

const BACK_OFF_MS = [0, 500, 1_000, 2_000, 4_000, 8_000];
const PING_MS = 4_000;
/** The server beats every five seconds; a line that is silent for this long is dead, whatever the browser thinks. */
const SILENT_MS = 15_000;
const LAST: ReadonlySet<number> = new Set([4403, 4404]);

/** One WebSocket with all topics; comes back by itself and asks only for what it missed. */
export class Stream {
  readonly link: Signal<Link> = signal<Link>("connecting");
  readonly lagMs: Signal<number> = signal(0);
  /** What the server said last about the exchange's time, as ISO 8601. */
  readonly time: Signal<string> = signal("");
  /** Why it ended for good; empty while it has not. */
  readonly ended: Signal<string> = signal("");
  readonly account: Signal<number | null> = signal<number | null>(null);
  /** Topics that were refused, and the server's sentence. */
  readonly refusals: Signal<ReadonlyMap<string, Refusal>> = signal<ReadonlyMap<string, Refusal>>(new Map());

  private socket: WebSocket | null = null;
  private identity = "";
  private readonly tables = new Map<string, Table>();
  private readonly follows = new Map<string, number>();
  private readonly waiting = new Map<number, Waiting>();
  private readonly listeners = new Set<(change: Change) => void>();
  private readonly news = new Set<() => void>();
  private number = 0;
  private attempts = 0;
  private closed = false;
  private heardAt = 0;
  private pingAt = 0;
  private pingId = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly pulse: ReturnType<typeof setInterval>;

  constructor(
    private readonly address: string,
    private readonly world: World,
  ) {
    this.pulse = setInterval(() => this.check(), PING_MS);
    this.connect();
  }

  /** Hear every change of every topic that is followed. */
  listen(listener: (change: Change) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Hear that another session took the place of this one under the same name: nothing known holds. */
  onReplaced(listener: () => void): () => void {
    this.news.add(listener);
    return () => this.news.delete(listener);
  }

  /** Follow topics, counted: each is asked for once, and left when the last who follows it leaves. */
  follow(...topics: string[]): () => void {
    const fresh: string[] = [];
    for (const topic of topics) {
      const count = this.follows.get(topic) ?? 0;
      this.follows.set(topic, count + 1);
      if (count === 0) fresh.push(topic);
    }
    if (fresh.length > 0) this.subscribe(fresh);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.unfollow(topics);
    };
  }

  /** Ask for topics once more that were refused: a seat was taken since. */
  retry(...topics: string[]): void {
    this.subscribe(topics.filter((topic) => this.follows.has(topic)));
  }

  table(topic: string): Table | undefined {
    return this.tables.get(topic);
  }

  place(order: PlaceOrder): Promise<Ack> {
    return this.ask({ place: order });
  }

  replace(order: ReplaceOrder): Promise<Ack> {
    return this.ask({ replace: order });
  }

  cancel(order: number | string): Promise<Ack> {
    return this.ask({ cancel: { order } });
  }

  cancelAll(symbol = ""): Promise<Ack> {
    return this.ask({ cancel_all: symbol === "" ? {} : { symbol } });
  }

  close(): void {
    this.end("");
  }

  private connect(): void {
    const socket = this.world.open(this.address);
    this.socket = socket;
    this.heardAt = this.world.now();
    socket.onmessage = ({ data }: MessageEvent) => {
      if (socket !== this.socket) return;
      this.heardAt = this.world.now();
      for (const frame of JSON.parse(String(data)) as AnyFrame[]) this.take(frame);
    };
    socket.onclose = ({ code, reason }: CloseEvent) => {
      if (socket === this.socket) this.broke(code, reason);
    };
  }

  private take(frame: AnyFrame): void {
    switch (frame.type) {
      case "hello":
        this.time.value = frame.time;
        return this.greeted(frame.identity, frame.account ?? null);
      case "snapshot":
      case "delta": {
        const table = this.tables.get(frame.topic);
        // What was on its way when the topic was left.
        if (table === undefined) return;
        const change = table.take(frame);
        if (change === null) this.again(frame.topic, table);
        else for (const listener of this.listeners) listener(change);
        return;
      }
      case "ack":
        return this.answered(frame.id)?.resolve(frame);
      case "refused":
        return this.refused(frame);
      case "pong":
        this.time.value = frame.time;
        if (frame.id === this.pingId) this.lagMs.value = this.world.now() - this.pingAt;
        return;
      case "beat":
        this.time.value = frame.time;
        return;
      case "error":
        return;
    }
  }

  private greeted(identity: string, account: number | null): void {
    const other = this.identity !== "" && identity !== this.identity;
    this.identity = identity;
    if (account !== null) this.account.value = account;
    if (other) {
      for (const table of this.tables.values()) table.drop();
      for (const listener of this.news) listener();
    }
    this.attempts = 0;
    this.link.value = "open";
    const topics = [...this.follows.keys()];
    if (topics.length > 0) this.subscribe(topics);
    this.ping();
  }

  private subscribe(topics: string[]): void {
    const from: Record<string, number> = {};
    for (const topic of topics) {
      const table = this.tables.get(topic) ?? new Table(topic);
      this.tables.set(topic, table);
      if (table.seq > 0) from[topic] = table.seq;
    }
    if (this.link.value !== "open") return;
    const request: Request = { subscribe: topics };
    if (Object.keys(from).length > 0) request.from_seq = from;
    // One topic that is refused (a leaderboard that is hidden, no seat yet) must not take the others with it.
    this.ask(request).then(
      () => this.setRefusal(topics, null),
      (problem: unknown) => {
        if (topics.length > 1) for (const topic of topics) if (this.follows.has(topic)) this.subscribe([topic]);
        if (topics.length === 1 && problem instanceof Refusal) this.setRefusal(topics, problem);
      },
    );
  }

  private setRefusal(topics: string[], refusal: Refusal | null): void {
    const before = this.refusals.peek();
    if (refusal === null && !topics.some((topic) => before.has(topic))) return;
    const after = new Map(before);
    for (const topic of topics) {
      if (refusal === null) after.delete(topic);
      else after.set(topic, refusal);
    }
    this.refusals.value = after;
  }

  private unfollow(topics: string[]): void {
    const gone: string[] = [];
    for (const topic of topics) {
      const count = (this.follows.get(topic) ?? 0) - 1;
      if (count > 0) this.follows.set(topic, count);
      else if (this.follows.delete(topic)) gone.push(topic);
    }
    for (const topic of gone) this.tables.delete(topic);
    if (gone.length > 0 && this.link.value === "open") this.ask({ unsubscribe: gone }).catch(() => undefined);
  }

  /** Ask for a topic anew whose deltas do not follow on what is known. */
  private again(topic: string, table: Table): void {
    table.drop();
    this.ask({ unsubscribe: [topic] }).catch(() => undefined);
    this.subscribe([topic]);
  }

  private refused(frame: Refused): void {
    this.answered(frame.id)?.reject(new Refusal(frame.reason ?? "", frame.code, frame.message));
  }

  private answered(id: number | string): Waiting | undefined {
    const found = this.waiting.get(Number(id));
    this.waiting.delete(Number(id));
    return found;
  }

  private ask(request: Request): Promise<Ack> {
    if (this.link.value !== "open" || this.socket === null) {
      return Promise.reject(new ApiProblem(0, "unreachable", "The connection is lost; nothing was sent."));
    }
    const id = ++this.number;
    const socket = this.socket;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      socket.send(JSON.stringify({ ...request, id }));
    });
  }

  private ping(): void {
    this.pingId = ++this.number;
    this.pingAt = this.world.now();
    this.socket?.send(JSON.stringify({ id: this.pingId, ping: true }));
  }

  private check(): void {
    if (this.link.value !== "open") return;
    if (this.world.now() - this.heardAt > SILENT_MS) {
      const socket = this.socket;
      this.broke(1006, "");
      socket?.close();
    } else this.ping();
  }

  private broke(code: number, reason: string): void {
    this.socket = null;
    const lost = new ApiProblem(0, "lost", "The connection broke before the answer came; look at your orders.");
    for (const { reject } of this.waiting.values()) reject(lost);
    this.waiting.clear();
    if (this.closed) return;
    if (LAST.has(code)) return this.end(reason || "This session is no longer here for you.");
    this.link.value = "lost";
    const wait = BACK_OFF_MS[Math.min(this.attempts, BACK_OFF_MS.length - 1)] ?? 0;
    // A whole class that lost its server must not come back in the same moment.
    const spread = wait === 0 ? Math.random() * 250 : wait * (0.5 + Math.random());
    this.timer = setTimeout(() => void this.comeBack(code), spread);
  }

  private async comeBack(code: number): Promise<void> {
    // The browser does not say why a handshake failed, so the log-in is looked at before the second try.
    if (this.attempts++ > 0 || code === CLOSE.REVOKED) {
      try {
        await this.world.renew();
      } catch (problem) {
        if (this.closed) return;
        if (problem instanceof ApiProblem && problem.status === 404) return this.end(problem.message);
        return this.broke(1006, "");
      }
    }
    if (!this.closed) this.connect();
  }

  private end(why: string): void {
    this.closed = true;
    clearTimeout(this.timer);
    clearInterval(this.pulse);
    this.ended.value = why;
    this.link.value = "ended";
    this.socket?.close(1000);
    this.socket = null;
  }
}
