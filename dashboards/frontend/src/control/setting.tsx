import { atField, type Parameter } from "./parameters";

interface Props {
  parameter: Parameter;
  own: string;
  text: string | undefined;
  problem: string | undefined;
  /** Whether the scenario has been read; what is typed before that would be lost when it comes. */
  known: boolean;
  edit: (text: string) => void;
}

/** One setting of a scenario: its own value until it is edited, and what the server says of the edit. */
export function Setting({ parameter, own, text, problem, known, edit }: Props) {
  const { path, label, hint, kind } = parameter;
  const shown = text ?? own;
  return (
    <label class={`field ${text !== undefined && text !== own ? "c-edited" : ""}`} title={path}>
      <span>
        {label} <em>{hint}</em>
      </span>
      {kind === "yes" ? (
        <select class="select" data-testid={`create-${path}`} disabled={!known} value={shown} onChange={({ currentTarget }) => edit(currentTarget.value)}>
          <option value="">as the scenario has it</option>
          <option value="yes">yes</option>
          <option value="no">no</option>
        </select>
      ) : (
        <input
          class="input"
          data-testid={`create-${path}`}
          disabled={!known}
          aria-invalid={problem !== undefined}
          placeholder="as the scenario has it"
          value={shown}
          onInput={({ currentTarget }) => edit(currentTarget.value)}
        />
      )}
      {problem !== undefined && (
        <span class="c-problem" role="alert">
          {atField(problem)}
        </span>
      )}
    </label>
  );
}
