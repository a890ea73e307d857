import type { Signal } from "@preact/signals-core";

interface Props {
  value: Signal<string>;
  options: readonly [value: string, name: string][];
  label: string;
  testid: string;
  disabled?: boolean;
  bad?: boolean;
}

/** One of several words of the API. */
export function Choice({ value, options, label, testid, disabled = false, bad = false }: Props) {
  return (
    <select
      class="select"
      data-testid={testid}
      aria-label={label}
      aria-invalid={bad}
      title={label}
      disabled={disabled}
      value={value.value}
      onChange={(event) => (value.value = event.currentTarget.value)}
    >
      {options.map(([each, name]) => (
        <option key={each} value={each} selected={each === value.value}>
          {name}
        </option>
      ))}
    </select>
  );
}
