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

/** A setting that is seldom another one: its kind is that of the scenario's own value. */
export function parameterOf(path: string, own: Setting): Parameter {
  const kind = typeof own === "boolean" ? "yes" : typeof own === "number" ? "number" : "text";
  return { path, label: path, kind, hint: "" };
}

/** All settings of a scenario beside those that have a field of their own. */
export function others(settings: Readonly<Record<string, Setting>>): Parameter[] {
  const usual = new Set(PARAMETERS.map(({ path }) => path));
  return Object.entries(settings).flatMap(([path, own]) => (usual.has(path) ? [] : [parameterOf(path, own)]));
}

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
  for (const [path, text] of Object.entries(edits)) {
    const value = valueOf(PARAMETERS.find((each) => each.path === path) ?? parameterOf(path, settings[path] ?? ""), text);
    if (value !== null && textOf(value) !== textOf(settings[path])) found[path] = value;
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
