/* Tabulator's tables as assistive technology should hear of them, and their numbers as other pages write them. */

/** Trees whose tables are looked after. */
const cared = new WeakSet();
const HYPHEN_NUMBER = /^-(?=[\d.])/;

/**
 * Look after the tables below a node, now and whenever one comes; Panel's views stand in shadow trees.
 *
 * @param root A node, or a shadow tree.
 * @param label What a table is called when it comes.
 */
function careForGrids(root, label) {
  if (cared.has(root)) return;
  cared.add(root);
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) {
      for (const node of addedNodes) lookInto(node, label);
    }
  }).observe(root, { childList: true, subtree: true });
  for (const child of root.childNodes) lookInto(child, label);
}

function lookInto(node, label) {
  if (node.nodeType === Node.TEXT_NODE) writeMinus(node);
  if (node.nodeType !== Node.ELEMENT_NODE) return;
  if (node.shadowRoot) careForGrids(node.shadowRoot, label);
  if (node.classList.contains("tabulator-tableholder")) nameRoles(node, label());
  for (const child of node.childNodes) lookInto(child, label);
}

/**
 * Tabulator calls its outermost element the grid, which has a part to scroll and buttons for pages in it; neither
 * may stand in a grid. The part that scrolls, and can be reached by keyboard, is made the grid instead, of the header
 * and the rows.
 */
function nameRoles(holder, label) {
  const whole = holder.closest(".tabulator");
  const header = whole?.querySelector(":scope > .tabulator-header");
  const body = holder.querySelector(":scope > .tabulator-table");
  if (!header || !body) return;
  for (const name of ["role", "aria-owns"]) whole.removeAttribute(name);
  header.id = "tabulator-table-header";
  holder.setAttribute("role", "grid");
  holder.setAttribute("aria-label", label);
  holder.setAttribute("aria-owns", `${header.id} ${body.id}`);
}

/** A number below 0 with a minus sign, which is as wide as a digit; its formatter writes a hyphen. */
function writeMinus(text) {
  if (!HYPHEN_NUMBER.test(text.data)) return;
  const cell = text.parentElement?.closest(".tabulator-cell");
  if (cell?.style.textAlign === "right") text.data = text.data.replace("-", "\u2212");
}
