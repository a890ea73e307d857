import type { Ui } from "../../ui/ui";
import { Sheet } from "../../ui/sheet";

interface ChoiceProps<T extends string> {
  name: string;
  testid: string;
  value: T;
  options: readonly (readonly [T, string])[];
  onChange: (value: T) => void;
}

function Choice<T extends string>({ name, testid, value, options, onChange }: ChoiceProps<T>) {
  return (
    <label class="setting">
      <span>{name}</span>
      <select
        class="select"
        data-testid={testid}
        value={value}
        onChange={(event) => {
          const chosen = options.find(([key]) => key === event.currentTarget.value);
          if (chosen !== undefined) onChange(chosen[0]);
        }}
      >
        {options.map(([key, text]) => (
          <option key={key} value={key}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

/** How the user wants the pages; every change counts at once. */
export function SettingsSheet({ ui, onClose }: { ui: Ui; onClose: () => void }) {
  const { settings } = ui;
  return (
    <Sheet keys={ui.keys} title="Settings" testid="settings" onClose={onClose}>
      <h2>Settings</h2>
      <Choice
        name="Theme"
        testid="settings-theme"
        value={settings.theme.value}
        options={[["dark", "Dark"], ["light", "Light"], ["system", "As the system"]]}
        onChange={(theme) => settings.setTheme(theme)}
      />
      <Choice
        name="Colours of up and down"
        testid="settings-colours"
        value={settings.upDown.value}
        options={[["usual", "Green and red"], ["blind", "Blue and orange (colour-blind safe)"]]}
        onChange={(colours) => settings.setUpDown(colours)}
      />
      <Choice
        name="Ask before sending orders"
        testid="settings-confirm"
        value={settings.confirmOrders.value}
        options={[["all", "All orders"], ["market", "Market orders alone"], ["none", "Never"]]}
        onChange={(which) => settings.setConfirmOrders(which)}
      />
      <Choice
        name="Type of a new order"
        testid="settings-type"
        value={settings.defaultType.value}
        options={[["limit", "Limit"], ["market", "Market"]]}
        onChange={(type) => settings.setDefaultType(type)}
      />
      <label class="setting">
        <span>Quantity of a new order</span>
        <input
          class="input num"
          type="number"
          min={1}
          max={1_000_000_000}
          step={1}
          data-testid="settings-quantity"
          value={settings.defaultQuantity.value}
          onChange={(event) => {
            const quantity = event.currentTarget.valueAsNumber;
            if (Number.isInteger(quantity) && quantity > 0) settings.setDefaultQuantity(quantity);
          }}
        />
      </label>
      <Choice
        name="Clock"
        testid="settings-clock"
        value={settings.clock.value}
        options={[["session", "The exchange's zone"], ["local", "My own zone"]]}
        onChange={(which) => settings.setClock(which)}
      />
      <label class="setting">
        <span>A sound for each fill</span>
        <input type="checkbox" data-testid="settings-sounds" checked={settings.sounds.value} onChange={(event) => settings.setSounds(event.currentTarget.checked)} />
      </label>
      <div class="sheet-buttons">
        <button class="button primary" data-testid="settings-close" onClick={onClose}>
          Done
        </button>
      </div>
    </Sheet>
  );
}
