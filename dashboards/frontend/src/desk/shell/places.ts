// Which panels share which place of the page, by how much room there is.

export type PanelName = "watch" | "chart" | "ladder" | "tape" | "ticket" | "orders" | "positions" | "account" | "news";
export type Size = "phone" | "narrow" | "small" | "usual" | "large";

export interface Place {
  area: string;
  /** More than one: tabs, the first is shown first. */
  panels: readonly PanelName[];
}

export const TITLES: Record<PanelName, string> = {
  watch: "Watch list",
  chart: "Chart",
  ladder: "Ladder",
  tape: "Trades",
  ticket: "Order",
  orders: "Orders",
  positions: "Positions",
  account: "Account",
  news: "News",
};

const WIDE: readonly Place[] = [
  { area: "watch", panels: ["watch"] },
  { area: "news", panels: ["news"] },
  { area: "chart", panels: ["chart"] },
  { area: "ladder", panels: ["ladder"] },
  { area: "tape", panels: ["tape"] },
  { area: "ticket", panels: ["ticket"] },
  { area: "account", panels: ["account"] },
];

export const PLACES: Record<Size, readonly Place[]> = {
  large: [...WIDE, { area: "positions", panels: ["positions"] }, { area: "orders", panels: ["orders"] }],
  usual: [...WIDE, { area: "orders", panels: ["orders", "positions"] }],
  small: [
    { area: "chart", panels: ["chart"] },
    { area: "ladder", panels: ["ladder", "tape"] },
    { area: "ticket", panels: ["ticket"] },
    { area: "orders", panels: ["positions", "orders", "account", "watch", "news"] },
  ],
  narrow: [
    { area: "chart", panels: ["chart", "ladder", "tape"] },
    { area: "ticket", panels: ["ticket"] },
    { area: "orders", panels: ["positions", "orders", "account", "watch", "news"] },
  ],
  phone: [{ area: "all", panels: ["positions", "orders", "ticket", "chart", "ladder", "tape", "account", "watch", "news"] }],
};

/** Bounds of what fits: three columns with tabs below 1280, one column below 640. */
export function sizeOf(width: number, height: number): Size {
  if (width < 640) return "phone";
  if (width < 960) return "narrow";
  if (width < 1280 || height < 660) return "small";
  return width < 1720 ? "usual" : "large";
}
