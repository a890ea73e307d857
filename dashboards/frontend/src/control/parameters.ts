import type { Setting } from "./words";

/** A setting of a scenario that is often another one from class to class. */
export interface Parameter {
  path: string;
  label: string;
  kind: "whole" | "number" | "text" | "yes";
  hint: string;
}

export const PARAMETERS: readonly Parameter[] = [
  { path: "seats.count", label: "Seats", kind: "whole", hint: "accounts for whoever joins" },
  { path: "seats.cash", label: "Cash of each seat", kind: "number", hint: "currency" },
  { path: "seats.margin", label: "Margin accounts", kind: "yes", hint: "may borrow" },
  { path: "seats.short_permitted", label: "Short sales", kind: "yes", hint: "sell more than one holds" },
  { path: "seats.late", label: "Join after the open", kind: "yes", hint: "late seats" },
  { path: "seats.limits.max_order_lots", label: "Largest order", kind: "whole", hint: "lots" },
  { path: "seats.limits.position_limit_lots", label: "Position limit", kind: "whole", hint: "lots, either way" },
  { path: "seats.limits.max_drawdown", label: "Drawdown limit", kind: "number", hint: "currency" },
  { path: "live.speed", label: "Speed", kind: "text", hint: "1 is real time; or max" },
  { path: "live.pre_open", label: "Pre-open", kind: "text", hint: "such as 5min" },
  { path: "live.auction", label: "Reopening auction", kind: "text", hint: "such as 20s" },
  { path: "agents.seed", label: "Seed of the agents", kind: "whole", hint: "another market" },
];

/** What a text in a parameter's field means; null leaves the scenario's own. The server judges whether it makes sense. */
export function valueOf(parameter: Parameter, text: string): Setting | null {
  const said = text.trim();
  if (said === "") return null;
  if (parameter.kind === "yes") return said === "yes";
  const number = Number(said.replaceAll(",", "").replaceAll("_", ""));
  if (Number.isNaN(number)) return said;
  return parameter.kind === "text" && parameter.path !== "live.speed" ? said : number;
}

/** How a setting of the scenario is shown in a field. */
export function textOf(setting: Setting | undefined): string {
  if (setting === undefined) return "";
  return typeof setting === "boolean" ? (setting ? "yes" : "no") : String(setting);
}

/** What is to be sent: settings that were edited and are not the scenario's own. */
export function overridesOf(edits: Readonly<Record<string, string>>, settings: Readonly<Record<string, Setting>>): Record<string, Setting> {
  const found: Record<string, Setting> = {};
  for (const parameter of PARAMETERS) {
    const text = edits[parameter.path];
    if (text === undefined) continue;
    const value = valueOf(parameter, text);
    if (value !== null && textOf(value) !== textOf(settings[parameter.path])) found[parameter.path] = value;
  }
  return found;
}

/** A sentence of the server without the place, which the field says already. */
export function atField(sentence: string): string {
  return sentence.replace(/^[^:]*\[[a-z_.]+\](?: \(line \d+\))?: /, "");
}

/** A name for a session that none has yet: the scenario's, with a number behind it where that is needed. */
export function freeName(source: string, taken: ReadonlySet<string>): string {
  const plain = source.replace(/^.*\//, "").replace(/\.toml$/, "").replace(/[^A-Za-z0-9_.-]+/g, "-").replace(/^[.-]+/, "") || "session";
  if (!taken.has(plain)) return plain;
  for (let number = 2; ; number++) if (!taken.has(`${plain}-${number}`)) return `${plain}-${number}`;
}
