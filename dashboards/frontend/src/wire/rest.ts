import type { Failure } from "./answers";

/** What the server refused, in its own words: `message` is the sentence to show. */
export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: unknown = {},
  ) {
    super(message);
    this.name = "ApiProblem";
  }
}

/** What went wrong, as a sentence. */
export function said(problem: unknown): string {
  return problem instanceof Error ? problem.message : String(problem);
}

const UNREACHABLE = "The server cannot be reached; check the connection and try again.";

/** What became of a log-in whose access token is over: whether it goes on, and else how it ended, where the server can tell. */
interface Renewal {
  goesOn: boolean;
  why: string;
}

function isFailure(value: unknown): value is Failure {
  return typeof value === "object" && value !== null && "code" in value && "message" in value;
}

/** Where to log in, and to come back from there to the page that is open now; `why` is the server's code of how the log-in ended. */
export function loginAddress(api: string, place: { href: string; pathname: string; search: string }, why = ""): string {
  // A page that another server gives logs in at the exchange's, which checks where it may send people back to.
  const back = api === "" ? place.pathname + place.search : place.href;
  return `${api}/login?next=${encodeURIComponent(back)}${why === "" ? "" : `&why=${encodeURIComponent(why)}`}`;
}

/** The server's REST face with the browser's log-in, whose cookies no script can read. */
export class Rest {
  private refreshing: Promise<Renewal> | null = null;

  /** `api` is the server's address without a path; empty for where the page came from. */
  constructor(
    readonly api: string,
    private readonly leave: (why: string) => void = (why) => location.assign(loginAddress(api, location, why)),
  ) {}

  get<T>(path: string): Promise<T> {
    return this.ask<T>("GET", path);
  }

  post<T>(path: string, body?: unknown): Promise<T> {
    return this.ask<T>("POST", path, body);
  }

  patch<T>(path: string, body?: unknown): Promise<T> {
    return this.ask<T>("PATCH", path, body);
  }

  /** A change that outlives the page, which goes meanwhile. */
  patchAtLast<T>(path: string, body: unknown): Promise<T> {
    return this.ask<T>("PATCH", path, body, true);
  }

  put<T>(path: string, body?: unknown): Promise<T> {
    return this.ask<T>("PUT", path, body);
  }

  delete<T>(path: string, body?: unknown): Promise<T> {
    return this.ask<T>("DELETE", path, body);
  }

  /** Address of the WebSocket of a path. */
  socket(path: string): string {
    const url = new URL(path, this.api === "" ? location.href : this.api);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    return url.href;
  }

  private async ask<T>(method: string, path: string, body?: unknown, keepalive = false): Promise<T> {
    let answer = await this.send(method, path, body, keepalive);
    let text = await answer.text();
    // A password that was typed wrongly does not say that the log-in has run out.
    const wrong = answer.status === 401 && codeOf(parsed(text)) === "bad_credentials";
    if (answer.status === 401 && !wrong && !path.startsWith("/api/auth/log") && !path.startsWith("/api/auth/sign")) {
      const { goesOn, why } = await this.refresh();
      if (goesOn) {
        answer = await this.send(method, path, body);
        text = await answer.text();
      }
      if (answer.status === 401) this.leave(why);
    }
    const said: unknown = text === "" ? null : parsed(text);
    if (answer.ok) return said as T;
    throw problemOf(answer.status, said);
  }

  private async send(method: string, path: string, body?: unknown, keepalive = false): Promise<Response> {
    const request: RequestInit = { method, credentials: "include", keepalive };
    if (body !== undefined) {
      request.body = JSON.stringify(body);
      request.headers = { "content-type": "application/json" };
    }
    try {
      return await fetch(this.api + path, request);
    } catch {
      throw new ApiProblem(0, "unreachable", UNREACHABLE);
    }
  }

  /** One refresh for all that wait: the token is good once. */
  private refresh(): Promise<Renewal> {
    this.refreshing ??= this.send("POST", "/api/auth/refresh")
      .then(async (answer) => {
        const text = await answer.text();
        // A server that cannot look at it just now (its disk is full, too many ask) has ended nothing.
        if (answer.status === 429 || answer.status >= 500) throw problemOf(answer.status, parsed(text));
        return { goesOn: answer.ok, why: endingOf(parsed(text)) };
      })
      .finally(() => {
        this.refreshing = null;
      });
    return this.refreshing;
  }
}

function problemOf(status: number, said: unknown): ApiProblem {
  if (isFailure(said)) return new ApiProblem(status, said.code, said.message, said.details);
  return new ApiProblem(status, "failed", `The server answered ${status} without a reason.`);
}

function endingOf(said: unknown): string {
  const details: unknown = isFailure(said) ? said.details : null;
  const ended: unknown = typeof details === "object" && details !== null && "ended" in details ? details.ended : "";
  return typeof ended === "string" ? ended : "";
}

function codeOf(said: unknown): string {
  return isFailure(said) ? said.code : "";
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
