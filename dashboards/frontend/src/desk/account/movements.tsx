import * as format from "../../ui/format";
import type { Desk } from "../desk-context";
import { reasonWord } from "../orders/words";
import { zoneOf } from "../orders/zone";
import { Change } from "../positions/change";

/** As many as there is room for; REST has all. */
const SHOWN = 3;

/** The latest money that came or went without a trade; nothing where there was none. */
export function Movements({ desk }: { desk: Desk }) {
  const all = desk.store.movements.value;
  if (all.length === 0) return null;
  const zone = zoneOf(desk);
  return (
    <div class="movements" data-testid="account-movements" title="Latest money that came or went without a trade">
      <ul aria-label="Latest money without a trade">
        {all.slice(0, SHOWN).map(({ seq, time, reason, symbol, amount, text }) => (
          <li key={seq}>
            <span class="dim" title={format.date(time, zone)}>
              {format.clock(time, zone)}
            </span>
            <span class="what" title={text}>
              {`${reasonWord(reason)}${symbol === "" ? "" : ` of ${symbol}`}${text === "" ? "" : `: ${text}`}`}
            </span>
            <span class="num">
              <Change value={amount} text={format.money(amount)} />
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
