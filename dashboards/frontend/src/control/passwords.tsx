import { csv, save } from "./csv";
import type { House } from "./house";
import type { ClassOut, ImportedOut } from "./words";

/** One-time passwords, which the server shows this once. */
export function Passwords({ house, of, rows, close }: { house: House; of: ClassOut; rows: ImportedOut[]; close: () => void }) {
  return (
    <div class="c-passwords" role="status" data-testid="passwords">
      <p>
        <b>{rows.length === 1 ? "A one-time password" : `${rows.length} one-time passwords`}</b>, shown this once and good for 14 days:
      </p>
      <ul>
        {rows.map(({ name, password }) => (
          <li key={name}>
            {name} <code>{password}</code>
          </li>
        ))}
      </ul>
      <button class="button small primary" onClick={() => save(`passwords-${of.name}.csv`, csv(["name", "password"], rows.map(({ name, password }) => [name, password])))}>
        Save as CSV
      </button>
      <button
        class="button small"
        onClick={() => {
          close();
          house.ui.toast("info", "The passwords are gone from this page; resetting one makes another.");
        }}
      >
        I have them
      </button>
    </div>
  );
}
