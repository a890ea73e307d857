import { useState } from "preact/hooks";
import type { TokensOut } from "../wire/answers";
import type { Rest } from "../wire/rest";

interface Props {
  rest: Rest;
  mode: "login" | "sign-up";
  /** Who may sign up, as the server says: anybody, who knows a class's code, or nobody. */
  signUp: "open" | "code" | "closed";
  /** Why somebody has to log in again; empty when nothing ended. */
  why: string;
  onMode: (mode: "login" | "sign-up") => void;
  onIn: (tokens: TokensOut, password: string) => void;
}

/** Log in, or become a user and be logged in at once. */
export function LoginForm({ rest, mode, signUp, why, onMode, onIn }: Props) {
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const fresh = mode === "sign-up";
  const turn = (to: Props["mode"]): void => {
    setProblem("");
    onMode(to);
  };

  async function send(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const text = (field: string): string => String(form.get(field) ?? "").trim();
    const [name, password] = [text("name"), String(form.get("password"))];
    setBusy(true);
    setProblem("");
    try {
      if (fresh) await rest.post("/api/auth/sign-up", { name, password, code: text("code") });
      onIn(await rest.post<TokensOut>("/api/auth/login", { name, password, cookies: true, device: "browser" }), password);
    } catch (refused) {
      setProblem(refused instanceof Error ? refused.message : String(refused));
      setBusy(false);
    }
  }

  return (
    <form
      class="login-form"
      key={mode}
      onSubmit={(event) => void send(event)}
      // What was refused is not what stands there now.
      onInput={() => setProblem("")}
      onInvalidCapture={() => setProblem("")}
    >
      <h1>{fresh ? "Make an account" : "Log in"}</h1>
      {!fresh && why !== "" && (
        <p class="login-why" role="status" data-testid="login-why">
          {why}
        </p>
      )}
      <label class="field">
        Name
        <input class="input" name="name" autocomplete="username" autocapitalize="none" spellcheck={false} required autofocus data-testid={`${mode}-name`} />
        {fresh && <span>Up to 64 characters</span>}
      </label>
      <label class="field">
        Password
        <input class="input" name="password" type="password" autocomplete={fresh ? "new-password" : "current-password"} minLength={fresh ? 8 : undefined} required data-testid={`${mode}-password`} />
        {fresh && <span>8 characters or more, and not your name</span>}
      </label>
      {fresh && signUp === "code" && (
        <label class="field">
          Join code of your class
          <input class="input" name="code" autocomplete="off" autocapitalize="characters" spellcheck={false} required data-testid="sign-up-code" />
          <span>8 characters, from your instructor</span>
        </label>
      )}
      <p class="login-problem" role="alert" data-testid="login-problem">
        {problem}
      </p>
      <button class="button primary" disabled={busy} data-testid={`${mode}-send`}>
        {busy ? "One moment …" : fresh ? "Make account and log in" : "Log in"}
      </button>
      <p class="login-other">
        {fresh ? (
          <>
            You have an account?{" "}
            <button type="button" class="link" data-testid="login-to-login" onClick={() => turn("login")}>
              Log in
            </button>
          </>
        ) : signUp === "closed" ? (
          "No account or password? Ask your instructor."
        ) : (
          <>
            New here?{" "}
            <button type="button" class="link" data-testid="login-to-sign-up" onClick={() => turn("sign-up")}>
              {signUp === "code" ? "Sign up with a class code" : "Make an account"}
            </button>
          </>
        )}
      </p>
    </form>
  );
}
