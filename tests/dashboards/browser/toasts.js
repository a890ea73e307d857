// Messages of a page go by themselves after seconds; whoever looks later than that finds here what was said.
(() => {
  const said = (window.__toasts = []);
  const seen = new WeakSet();
  const note = (node) => {
    if (!(node instanceof Element)) return;
    for (const each of [node, ...node.querySelectorAll("[data-testid=toast]")]) {
      if (!each.matches("[data-testid=toast]") || seen.has(each)) continue;
      seen.add(each);
      said.push(each.textContent);
    }
  };
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (...how) {
    const root = attach.apply(this, how);
    new MutationObserver((changes) => {
      for (const { addedNodes } of changes) addedNodes.forEach(note);
    }).observe(root, { childList: true, subtree: true });
    return root;
  };
})();
