import { useSignal } from "@preact/signals";
import type { Desk } from "../desk-context";
import { loginAddress } from "../../wire/rest";
import { addressOf } from "../session-address";

interface Props {
  desk: Desk;
  sessions: number;
}

/** Who is logged in, and the ways out. */
export function UserMenu({ desk, sessions }: Props) {
  const { rest, store, ui, me } = desk;
  const open = useSignal(false);

  async function leave(everywhere: boolean): Promise<void> {
    open.value = false;
    const question = "Log out on all devices? Every open page and program of yours with a log-in ends.";
    if (everywhere && !(await ui.confirm(question))) return;
    await ui.attempt(async () => {
      await rest.post(everywhere ? "/api/auth/logout-everywhere" : "/api/auth/logout");
      location.assign(loginAddress(rest.api, location));
    });
  }

  async function join(): Promise<void> {
    open.value = false;
    await ui.attempt(async () => {
      await store.join();
      ui.toast("good", "You have a seat now.");
    });
  }

  return (
    <div
      class="user"
      onFocusOut={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) open.value = false;
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") open.value = false;
      }}
    >
      <button
        class="button user-button"
        data-testid="user-menu"
        aria-haspopup="menu"
        aria-expanded={open.value}
        onClick={() => (open.value = !open.value)}
      >
        <span class="user-name">{me.name}</span> <span aria-hidden="true">▾</span>
      </button>
      {open.value && (
        <div class="menu user-menu" role="menu">
          <p>
            <b>{me.name}</b>
            <br />
            <span class="dim">
              {me.role}
              {store.account.value.name === "" ? "" : `, ${store.account.value.name}`}
            </span>
          </p>
          {!store.seated.value && (store.session.value?.seats ?? 0) > 0 && (
            <button role="menuitem" data-testid="take-seat" onClick={() => void join()}>
              Take a seat
            </button>
          )}
          {me.permissions.includes("run_session") && (
            <a role="menuitem" href={`/control?session=${encodeURIComponent(desk.session)}`}>
              Control room
            </a>
          )}
          {sessions > 1 && (
            <a role="menuitem" href={addressOf("")} data-testid="change-session">
              Change session
            </a>
          )}
          <button role="menuitem" data-testid="log-out" onClick={() => void leave(false)}>
            Log out
          </button>
          <button role="menuitem" data-testid="log-out-everywhere" onClick={() => void leave(true)}>
            Log out everywhere
          </button>
        </div>
      )}
    </div>
  );
}
