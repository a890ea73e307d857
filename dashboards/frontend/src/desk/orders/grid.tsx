import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { nextSorting, sortedBy, type Sorting, type Value } from "./sort";
import { reveal, windowOf } from "./window";

export const ROW_PX = 24;
/** Below this width of the table a row is a card, where there is one. */
const CARDS_PX = 460;
/** A card has two lines, and buttons for a thumb. */
const CARD_PX = 56;

export interface Column<R> {
  key: string;
  title: string;
  /** What the column is, with its unit. */
  hint?: string;
  /** A track of CSS grid. */
  width: string;
  /** The least width of the table at which it is shown, and the width from which on it is not. */
  from?: number;
  to?: number;
  /** Its title is only heard. */
  quiet?: boolean;
  num?: boolean;
  /** What it is sorted by; without it it is not. */
  value?: (row: R) => Value;
  /** What is copied; without it the column is left out. */
  text?: (row: R) => string;
  cell: (row: R) => ComponentChildren;
  /** What stands in the row of totals, which is there when a column has one. */
  total?: ComponentChildren;
}

interface Props<R> {
  /** What the table is called, and what its rows are in tests. */
  label: string;
  rowId: string;
  columns: readonly Column<R>[];
  rows: readonly R[];
  keyOf: (row: R) => string | number;
  /** What a row is in tests, where that is not the same for all. */
  idOf?: (row: R) => string;
  /** What else stands on a row, such as `data-state`. */
  marks?: (row: R) => Record<string, string>;
  /** What a row is where there is no room for columns. */
  card?: (row: R) => ComponentChildren;
  /** In the place of the cells. */
  instead?: (row: R) => ComponentChildren | null;
  empty: ComponentChildren;
  foot?: ComponentChildren;
  onEnter?: (row: R) => void;
  onDelete?: (row: R) => void;
  onKey?: (row: R, key: string) => boolean;
  /** The last rows are near. */
  onEnd?: () => void;
}

/** A table of any length, of which only what is in sight is drawn; the arrow keys walk through it, Ctrl+C copies a row. */
export function Grid<R>(props: Props<R>) {
  const { label, rowId, columns, rows, keyOf, marks, instead, empty, foot } = props;
  const body = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [top, setTop] = useState(0);
  const [sorting, setSorting] = useState<Sorting | null>(null);
  const [active, setActive] = useState<string | number | null>(null);

  useLayoutEffect(() => {
    const box = body.current;
    if (box === null) return undefined;
    const measure = (): void => setSize({ width: box.clientWidth, height: box.clientHeight - ROW_PX });
    // Before the first painting, so that no column comes in afterwards.
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(box);
    return () => watch.disconnect();
  }, []);

  const cards = props.card !== undefined && size.width > 0 && size.width < CARDS_PX;
  const rowPx = cards ? CARD_PX : ROW_PX;
  const shown = columns.filter((column) => size.width >= (column.from ?? 0) && size.width < (column.to ?? Infinity));
  const by = sorting === null ? undefined : columns.find((column) => column.key === sorting.column);
  const order = by?.value === undefined || sorting === null ? rows : sortedBy(rows, by.value, sorting.down);
  const { first, end } = windowOf(order.length, rowPx, top, size.height);
  const place = order.findIndex((row) => keyOf(row) === active);

  const near = end >= order.length;
  useEffect(() => {
    if (near && size.height > 0) props.onEnd?.();
  }, [near, order.length, size.height]);

  const go = (to: number): void => {
    const row = order[Math.max(0, Math.min(order.length - 1, to))];
    const box = body.current;
    if (row === undefined || box === null) return;
    setActive(keyOf(row));
    box.scrollTop = reveal(order.indexOf(row), rowPx, box.scrollTop, size.height);
  };

  const press = (event: KeyboardEvent): void => {
    if ((event.ctrlKey || event.metaKey) && event.key === "c") {
      // A copy begins where the caret is, which a click may have left anywhere on the page.
      const selection = getSelection();
      if (selection?.isCollapsed !== false && event.target === event.currentTarget) selection?.collapse(body.current);
      return;
    }
    // What is typed into an editor, and what presses a button, is not for the table.
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(size.height / rowPx) - 1);
    const moves: Record<string, number> = {
      ArrowDown: place + 1,
      ArrowUp: place < 0 ? 0 : place - 1,
      PageDown: Math.max(place, 0) + page,
      PageUp: place - page,
      Home: 0,
      End: order.length - 1,
    };
    const to = moves[event.key];
    const row = order[place];
    if (to !== undefined) go(to);
    else if (row !== undefined && event.key === "Enter" && props.onEnter) props.onEnter(row);
    else if (row !== undefined && event.key === "Delete" && props.onDelete) props.onDelete(row);
    else if (row === undefined || !props.onKey?.(row, event.key)) return;
    event.preventDefault();
  };

  const copy = (event: ClipboardEvent): void => {
    const row = order[place];
    // Who has marked some text, or is typing, wants that.
    if (row === undefined || event.target instanceof HTMLInputElement || String(getSelection()) !== "") return;
    const told = columns.filter((column) => column.text !== undefined);
    const lines = [told.map((column) => column.title), told.map((column) => column.text?.(row) ?? "")];
    event.clipboardData?.setData("text/plain", lines.map((line) => line.join("\t")).join("\n"));
    event.preventDefault();
  };

  const tracks = { gridTemplateColumns: shown.map((column) => column.width).join(" ") };
  return (
    <div
      class="dg"
      data-cards={cards}
      role="grid"
      aria-label={label}
      aria-rowcount={order.length}
      aria-activedescendant={place < 0 ? undefined : `${rowId}-${active}`}
      tabIndex={0}
      onKeyDown={press}
      onCopy={copy}
    >
      <div class="dg-body" ref={body} onScroll={(event) => setTop(event.currentTarget.scrollTop)}>
        {!cards && (
          <div class="dg-head" role="row" style={tracks}>
            {shown.map((column) => (
              <Head key={column.key} column={column} sorting={sorting} onSort={() => setSorting(nextSorting(sorting, column.key))} />
            ))}
          </div>
        )}
        {order.length === 0 ? (
          empty
        ) : (
          <div class="dg-rows" style={{ height: `${order.length * rowPx}px` }}>
            {order.slice(first, end).map((row, at) => {
              const key = keyOf(row);
              const other = instead?.(row) ?? (cards ? props.card?.(row) : null) ?? null;
              return (
                <div
                  key={key}
                  id={`${rowId}-${key}`}
                  class="dg-row"
                  role="row"
                  data-testid={props.idOf?.(row) ?? rowId}
                  aria-rowindex={first + at + 1}
                  aria-selected={key === active}
                  style={{ ...(other === null ? tracks : {}), transform: `translateY(${(first + at) * rowPx}px)` }}
                  onPointerDown={() => setActive(key)}
                  onDblClick={() => props.onEnter?.(row)}
                  {...marks?.(row)}
                >
                  {other ??
                    shown.map((column) => (
                      <div key={column.key} class={column.num ? "cell num" : "cell"} role="gridcell">
                        {column.cell(row)}
                      </div>
                    ))}
                </div>
              );
            })}
          </div>
        )}
        {foot}
        {order.length > 0 && shown.some((column) => column.total !== undefined) && (
          <div class="dg-total" role="row" style={tracks}>
            {shown.map((column) => (
              <div key={column.key} class={column.num ? "cell num" : "cell"} role="gridcell">
                {column.total}
              </div>
            ))}
          </div>
        )}
      </div>
    </div>
  );
}

function Head<R>({ column, sorting, onSort }: { column: Column<R>; sorting: Sorting | null; onSort: () => void }) {
  const sorted = sorting?.column === column.key ? (sorting.down ? "descending" : "ascending") : "none";
  const name = column.num ? "cell num" : "cell";
  if (column.value === undefined) {
    return (
      <div class={name} role="columnheader" title={column.hint}>
        {column.quiet ? <span class="sr">{column.title}</span> : column.title}
      </div>
    );
  }
  return (
    <div class={name} role="columnheader" aria-sort={sorted}>
      <button type="button" tabIndex={-1} title={column.hint} onClick={onSort}>
        {column.title}
        <span aria-hidden="true">{sorted === "none" ? "" : sorted === "descending" ? "▾" : "▴"}</span>
      </button>
    </div>
  );
}
