import { useState } from "preact/hooks";
import type { Rest } from "../wire/rest";

interface Props {
  rest: Rest;
  /** The one-time password where it was just typed. */
  old?: string;
  /** Whether it must be changed, or somebody wants to. */
  why?: "one-time" | "own";
  onDone: () => void;
  onCancel?: () => void;
}

/** Choose a password: a one-time one lets its user do nothing else. */
export function PasswordForm({ rest, old, why = "one-time", onDone, onCancel }: Props) {
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);

  async function send(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const [fresh, again] = [String(form.get("new")), String(form.get("again"))];
    if (fresh !== again) return setProblem("The two new passwords differ; type the same one twice.");
    setBusy(true);
    setProblem("");
    try {
      await rest.post("/api/me/password", { old: old ?? String(form.get("old")), new: fresh });
      onDone();
    } catch (refused) {
      setProblem(refused instanceof Error ? refused.message : String(refused));
    } finally {
      setBusy(false);
    }
  }

  return (
    <form class="login-form" onSubmit={(event) => void send(event)} onInput={() => setProblem("")} data-testid="password-form">
      <h1>{why === "own" ? "Change your password" : "Choose your password"}</h1>
      <p class="dim">
        {why === "own"
          ? "All other log-ins of yours end with it; API keys go on."
          : "You came in with a one-time password. Choose one of your own, of 8 characters or more."}
      </p>
      {old === undefined && (
        <label class="field">
          {why === "own" ? "Password as it is" : "One-time password"}
          <input class="input" name="old" type="password" autocomplete="current-password" required autofocus data-testid="password-old" />
        </label>
      )}
      <label class="field">
        New password
        <input class="input" name="new" type="password" autocomplete="new-password" minLength={8} required autofocus={old !== undefined} data-testid="password-new" />
        <span>8 characters or more, and not your name</span>
      </label>
      <label class="field">
        New password again
        <input class="input" name="again" type="password" autocomplete="new-password" minLength={8} required data-testid="password-again" />
      </label>
      <p class="login-problem" role="alert" data-testid="login-problem">
        {problem}
      </p>
      <button class="button primary" disabled={busy} data-testid="password-send">
        {busy ? "Changing …" : "Change password"}
      </button>
      {onCancel !== undefined && (
        <button type="button" class="button" data-testid="password-cancel" onClick={onCancel}>
          Leave it as it is
        </button>
      )}
    </form>
  );
}
