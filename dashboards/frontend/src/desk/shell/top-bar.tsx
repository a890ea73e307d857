import type { Signal } from "@preact/signals";
import type { Desk } from "../desk-context";
import { Mark } from "../../ui/brand";
import { AccountLine, QuoteLine } from "./quote-line";
import { SymbolSwitch } from "./symbol-switch";
import { UserMenu } from "./user-menu";

export type SheetName = "" | "settings" | "help" | "password";

interface Props {
  desk: Desk;
  sheet: Signal<SheetName>;
}

/** The top bar: instrument, its market, the own account, and what is behind the buttons. */
export function TopBar({ desk, sheet }: Props) {
  return (
    <header class="bar">
      <h1 class="brand" title="workbench">
        <Mark />
        <span class="sr">Trading desk</span>
      </h1>
      <SymbolSwitch desk={desk} />
      <QuoteLine desk={desk} />
      <AccountLine desk={desk} />
      <div class="bar-buttons">
        <button class="icon-button" aria-label="Keys and help" title="Keys and help (?)" data-testid="help-open" onClick={() => (sheet.value = "help")}>
          ?
        </button>
        <button class="icon-button" aria-label="Settings" title="Settings (,)" data-testid="settings-open" onClick={() => (sheet.value = "settings")}>
          <svg width="15" height="15" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.5" aria-hidden="true">
            <path d="M1.5 4.5h6m4 0h3M1.5 11.5h3m4 0h6" />
            <circle cx="9.5" cy="4.5" r="2" />
            <circle cx="6.5" cy="11.5" r="2" />
          </svg>
        </button>
        <UserMenu desk={desk} onPassword={() => (sheet.value = "password")} />
      </div>
    </header>
  );
}
