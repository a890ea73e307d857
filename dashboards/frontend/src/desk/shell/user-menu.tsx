import { useSignal } from "@preact/signals";
import type { Desk } from "../desk-context";
import { loginAddress } from "../../wire/rest";
import { addressOf, hasReview, isOver, reviewOf } from "../session-address";

interface Props {
  desk: Desk;
  /** Ask for another password. */
  onPassword: () => void;
}

/** Who is logged in, and the ways out. */
export function UserMenu({ desk, onPassword }: Props) {
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
        aria-label={`User ${me.name}`}
        aria-expanded={open.value}
        onClick={() => (open.value = !open.value)}
      >
        <svg class="user-face" width="15" height="15" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.5" aria-hidden="true">
          <circle cx="8" cy="5.5" r="2.7" />
          <path d="M2.8 14c.5-3 2.6-4.3 5.2-4.3s4.7 1.3 5.2 4.3" />
        </svg>
        <span class="user-name">{me.name}</span> <span aria-hidden="true">▾</span>
      </button>
      {open.value && (
        <div class="menu user-menu">
          <p>
            <b>{me.name}</b>
            <br />
            <span class="dim">
              {me.role}
              {store.account.value.name === "" ? "" : `, ${store.account.value.name}`}
            </span>
          </p>
          {!store.seated.value && (store.session.value?.seats ?? 0) > 0 && (
            <button data-testid="take-seat" onClick={() => void join()}>
              Take a seat
            </button>
          )}
          {me.permissions.includes("run_session") && (
            <a href={`/control?session=${encodeURIComponent(desk.session)}`}>
              Control room
            </a>
          )}
          {isOver(store.session.value?.state) && hasReview(desk) && (
            <a href={reviewOf(desk.session)} data-testid="menu-review">
              Review the day
            </a>
          )}
          {me.permissions.includes("read_own") && (
            <a href={isOver(store.session.value?.state) ? `/reports?session=${encodeURIComponent(desk.session)}` : "/reports"} data-testid="menu-reports">
              Reports
            </a>
          )}
          <a href={addressOf("")} data-testid="change-session">
            Sessions and reviews
          </a>
          {me.permissions.includes("change_password") && (
            <button
              data-testid="change-password"
              onClick={() => {
                open.value = false;
                onPassword();
              }}
            >
              Change password
            </button>
          )}
          <button data-testid="log-out" onClick={() => void leave(false)}>
            Log out
          </button>
          <button data-testid="log-out-everywhere" onClick={() => void leave(true)}>
            Log out everywhere
          </button>
        </div>
      )}
    </div>
  );
}
