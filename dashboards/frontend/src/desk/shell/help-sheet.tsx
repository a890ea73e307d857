import type { Ui } from "../../ui/ui";
import { Sheet } from "../../ui/sheet";

const NAMES: Record<string, string> = { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc" };

function written(key: string): string[] {
  const plus = key.lastIndexOf("+", key.length - 2);
  const held = plus > 0 ? key.slice(0, plus).split("+") : [];
  const last = plus > 0 ? key.slice(plus + 1) : key;
  return [...held, NAMES[last] ?? last];
}

/** Groups in the order of how often they are looked for; those of no panel that is there are left out. */
const ORDER = ["Order", "Orders", "Instrument", "Ladder", "Page"];

/** All keys that the page knows at this moment. */
export function HelpSheet({ ui, onClose }: { ui: Ui; onClose: () => void }) {
  const groups = Map.groupBy(ui.keys.all.value, (key) => key.group);
  const names = [...groups.keys()].sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b));
  return (
    <Sheet keys={ui.keys} title="Keys" testid="help" onClose={onClose}>
      <h2>Keys</h2>
      <p class="dim">They act while no input has the cursor; Esc leaves one.</p>
      <div class="help-groups">
        {names.map((group) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {groups.get(group)?.map(({ key, what }) => (
                <div key={key}>
                  <dt>{written(key).map((part) => <kbd key={part}>{part}</kbd>)}</dt>
                  <dd>{what}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <p class="dim help-credit">
        Charts: TradingView Lightweight Charts™, © 2025{" "}
        <a href="https://www.tradingview.com/" target="_blank" rel="noreferrer">
          TradingView, Inc.
        </a>
      </p>
      <div class="sheet-buttons">
        <button class="button primary" autofocus data-testid="help-close" onClick={onClose}>
          Close
        </button>
      </div>
    </Sheet>
  );
}
