import type { Desk } from "../desk-context";

/** The zone in which times are shown: the session's, or the browser's own (empty) where the user wants that. */
export function zoneOf({ store, ui }: Desk): string {
  return ui.settings.clock.value === "local" ? "" : (store.session.value?.zone ?? "UTC");
}
