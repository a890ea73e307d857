import { useSignal } from "@preact/signals";
import { loginAddress } from "../wire/rest";
import type { House } from "./house";

/** Who is logged in, how the page looks to them, and the ways out. */
export function UserMenu({ house }: { house: House }) {
  const open = useSignal(false);
  const { rest, ui } = house;
  const me = house.me.value;
  const { upDown } = ui.settings;
  const leave = async (everywhere: boolean): Promise<string> => {
    await rest.post(everywhere ? "/api/auth/logout-everywhere" : "/api/auth/logout");
    location.assign(loginAddress(rest.api, location));
    return "";
  };
  const everywhere = (): void => {
    open.value = false;
    house.ask({
      title: "Log out everywhere",
      text: "Every open page and program of yours with a log-in ends, on all devices.",
      fields: [],
      yes: "Log out everywhere",
      danger: true,
      act: () => leave(true),
    });
  };
  if (me === null) return null;
  return (
    <div
      class="c-user"
      onFocusOut={({ currentTarget, relatedTarget }) => {
        if (!currentTarget.contains(relatedTarget as Node | null)) open.value = false;
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !open.value) return;
        event.stopPropagation();
        open.value = false;
      }}
    >
      <button class="button small" data-testid="user-menu" aria-expanded={open.value} onClick={() => (open.value = !open.value)}>
        {me.name} <span aria-hidden="true">▾</span>
      </button>
      {open.value && (
        <div class="c-menu">
          <p class="dim">{me.role}</p>
          {house.room.value !== null && (
            <a href={`${rest.api}/desk?session=${encodeURIComponent(house.room.value.name)}`}>
              Trading desk
            </a>
          )}
          <a href={`${rest.api}/reports`}>Reports</a>
          <button onClick={() => ui.settings.setUpDown(upDown.value === "blind" ? "usual" : "blind")}>
            {upDown.value === "blind" ? "Colours: green and red" : "Colours: blue and orange"}
          </button>
          <button data-testid="log-out" onClick={() => void ui.attempt(() => leave(false))}>
            Log out
          </button>
          <button data-testid="log-out-everywhere" onClick={everywhere}>
            Log out everywhere
          </button>
        </div>
      )}
    </div>
  );
}
