import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Desk } from "../desk-context";
import { keepRead } from "../news/keeping";
import { registerKeys } from "./desk-keys";
import { Grid } from "./grid";
import { HelpSheet } from "./help-sheet";
import { Confirm, Toasts } from "./messages";
import { PasswordSheet } from "./password-sheet";
import { sizeOf, type Size } from "./places";
import { SettingsSheet } from "./settings-sheet";
import { StatusStrip } from "./status-strip";
import { announce } from "./tidings";
import { TopBar, type SheetName } from "./top-bar";

/** The whole page around a session. */
export function Shell({ desk }: { desk: Desk }) {
  const place = useRef<HTMLDivElement>(null);
  const size = useSignal<Size>(sizeOf(innerWidth, innerHeight));
  const sheet = useSignal<SheetName>("");

  useEffect(() => {
    const watcher = new ResizeObserver(([entry]) => {
      if (entry !== undefined) size.value = sizeOf(entry.contentRect.width, entry.contentRect.height);
    });
    if (place.current !== null) watcher.observe(place.current);
    const gone = [registerKeys(desk, sheet), announce(desk), keepRead(desk), desk.ui.keys.listen(document)];
    return () => {
      watcher.disconnect();
      for (const each of gone) each();
    };
  }, [desk]);

  return (
    <div class="shell" ref={place} data-link={desk.stream.link.value}>
      <TopBar desk={desk} sheet={sheet} />
      <StatusStrip desk={desk} />
      <Grid desk={desk} size={size}>
        <Toasts ui={desk.ui} />
      </Grid>
      <Confirm ui={desk.ui} />
      {sheet.value === "settings" && <SettingsSheet ui={desk.ui} onClose={() => (sheet.value = "")} />}
      {sheet.value === "password" && <PasswordSheet desk={desk} onClose={() => (sheet.value = "")} />}
      {sheet.value === "help" && <HelpSheet ui={desk.ui} onClose={() => (sheet.value = "")} />}
    </div>
  );
}
