import { AlertsPanel } from "./alertspanel";
import type { House } from "./house";
import { LeaderPanel } from "./leaderpanel";
import { MarketTable } from "./markettable";
import { NewsPanel } from "./newspanel";
import type { Room } from "./room";
import { RosterPanel } from "./rosterpanel";

/** Everything that is looked at while a class trades, on one screen. */
export function Floor({ house, room }: { house: House; room: Room }) {
  const count = room.session.value?.symbols.length ?? 1;
  return (
    <div class="c-floor" style={`--lines:${Math.min(Math.max(count, 1), 6)}`}>
      <MarketTable house={house} room={room} />
      <RosterPanel house={house} room={room} />
      <AlertsPanel house={house} room={room} />
      <NewsPanel house={house} room={room} />
      <LeaderPanel house={house} room={room} />
    </div>
  );
}
