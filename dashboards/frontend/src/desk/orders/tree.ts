// Orders that belong together, as they are shown: an entry with its exits below it, exits that cancel each other side by side.

import { isWorking, type Order } from "../../store/types";

export type Role = "" | "entry" | "take profit" | "stop loss";

/** One line of the table of working orders. */
export interface Leaf {
  order: Order;
  /** 1 below the order that it hangs on. */
  depth: 0 | 1;
  /** The last one below its order. */
  last: boolean;
  role: Role;
}

/** Ids of the first order of each chain of replaces, by every order of it. */
export function rootIds(orders: ReadonlyMap<number, Order>): Map<number, number> {
  const roots = new Map<number, number>();
  // A successor has a larger id, so in ascending order the root of whom it replaces is known already.
  for (const id of [...orders.keys()].sort((a, b) => a - b)) {
    const root = roots.get(id) ?? id;
    roots.set(id, root);
    const next = orders.get(id)?.replaced_by;
    if (next) roots.set(next, root);
  }
  return roots;
}

function exitRole(order: Order): Role {
  return order.type === "limit" ? "take profit" : "stop loss";
}

/**
 * The entry of a group: it comes after its exits, and trades the other way. An OCO has none.
 *
 * `members` are the orders at the end of their chains, in the order in which the first of each chain came.
 */
function entryOf(members: readonly Order[]): Order | null {
  const last = members.at(-1);
  if (last === undefined || members.length < 2) return null;
  return members.slice(0, -1).every((each) => each.side !== last.side) ? last : null;
}

/** Working orders as a tree written line by line; the lines of a group stay together wherever its first one is. */
export function orderTree(working: readonly Order[], all: ReadonlyMap<number, Order>): Leaf[] {
  const roots = rootIds(all);
  const groups = new Map<number, Order[]>();
  for (const order of all.values()) {
    if (order.group === null || order.state === "replaced") continue;
    const members = groups.get(order.group);
    if (members === undefined) groups.set(order.group, [order]);
    else members.push(order);
  }
  for (const members of groups.values()) members.sort((a, b) => (roots.get(a.id) ?? a.id) - (roots.get(b.id) ?? b.id));

  const leaves: Leaf[] = [];
  const told = new Set<number>();
  for (const order of working) {
    if (told.has(order.id)) continue;
    const members = order.group === null ? undefined : groups.get(order.group);
    if (members === undefined) {
      leaves.push({ order, depth: 0, last: false, role: "" });
      continue;
    }
    const entry = entryOf(members);
    const open = members.filter(isWorking);
    const head = entry !== null && isWorking(entry) ? entry : open[0];
    const below = open.filter((each) => each !== head);
    for (const each of head === undefined ? [] : [head, ...below]) {
      const role = each === entry ? "entry" : members.length > 1 ? exitRole(each) : "";
      leaves.push({ order: each, depth: each === head ? 0 : 1, last: each === below.at(-1), role });
      told.add(each.id);
    }
  }
  return leaves;
}

/** What an order that is held waits for. */
export function waitsFor(order: Order, all: ReadonlyMap<number, Order>, leaf: Leaf | undefined): string {
  if (order.state !== "held") return "";
  if (leaf !== undefined && leaf.depth === 1 && groupHasEntry(order, all)) return "waits: entry";
  if (order.time_in_force === "cls" || order.time_in_force === "opg") return "waits: auction";
  return order.stop_price !== null || order.trail_amount !== null || order.trail_percent !== null
    ? "waits: trigger"
    : "waits: trading";
}

function groupHasEntry(order: Order, all: ReadonlyMap<number, Order>): boolean {
  if (order.group === null) return false;
  for (const each of all.values()) {
    if (each.group === order.group && each.side !== order.side && isWorking(each)) return true;
  }
  return false;
}
