// Which panels share which place of the page, by how much room there is.

export type PanelName = "watch" | "chart" | "ladder" | "tape" | "ticket" | "orders" | "positions" | "account" | "news" | "leaders";
export type Size = "phone" | "narrow" | "small" | "low" | "usual" | "large";

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
  leaders: "Leaders",
};

const WIDE: readonly Place[] = [
  { area: "watch", panels: ["watch"] },
  { area: "news", panels: ["news", "leaders"] },
  { area: "chart", panels: ["chart"] },
  { area: "ladder", panels: ["ladder"] },
  { area: "tape", panels: ["tape"] },
  { area: "ticket", panels: ["ticket"] },
  { area: "account", panels: ["account"] },
];

export const PLACES: Record<Size, readonly Place[]> = {
  large: [...WIDE, { area: "positions", panels: ["positions"] }, { area: "orders", panels: ["orders"] }],
  usual: [...WIDE, { area: "orders", panels: ["orders", "positions"] }],
  low: [
    ...WIDE.filter(({ area }) => area !== "tape" && area !== "account"),
    { area: "tape", panels: ["tape", "account"] },
    { area: "orders", panels: ["orders", "positions"] },
  ],
  small: [
    { area: "chart", panels: ["chart"] },
    { area: "ladder", panels: ["ladder", "tape"] },
    { area: "ticket", panels: ["ticket"] },
    { area: "orders", panels: ["positions", "orders", "account", "watch", "news", "leaders"] },
  ],
  narrow: [
    { area: "chart", panels: ["chart", "ladder", "tape"] },
    { area: "ticket", panels: ["ticket"] },
    { area: "orders", panels: ["positions", "orders", "account", "watch", "news", "leaders"] },
  ],
  phone: [{ area: "all", panels: ["positions", "orders", "ticket", "chart", "ladder", "tape", "account", "watch", "news", "leaders"] }],
};

/** The least height at which the account has room below a whole ticket. */
const ACCOUNT_PX = 880;

/** Bounds of what fits: three columns with tabs below 1280, one column below 640. */
export function sizeOf(width: number, height: number): Size {
  if (width < 640) return "phone";
  if (width < 960) return "narrow";
  if (width < 1280 || height < 600) return "small";
  if (height < ACCOUNT_PX) return "low";
  return width < 1720 ? "usual" : "large";
}
