// What tests ask of a whole page, also inside shadow roots; evaluating this text gives the functions.
(() => {
  const walk = (root, visit) => {
    for (const each of root.querySelectorAll("*")) {
      visit(each);
      if (each.shadowRoot) walk(each.shadowRoot, visit);
    }
  };
  const shown = (each) => {
    const box = each.getBoundingClientRect();
    const visible = each.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    return box.width > 1 && box.height > 1 && visible;
  };

  const deepest = (x, y) => {
    let found = document.elementFromPoint(x, y);
    while (found?.shadowRoot?.elementFromPoint(x, y)) {
      const inner = found.shadowRoot.elementFromPoint(x, y);
      if (inner === found) break;
      found = inner;
    }
    const named = found?.closest("[data-testid]");
    return `${found?.tagName ?? "nothing"}.${found?.className ?? ""} in ${named?.dataset.testid ?? "?"}`;
  };

  // Layout shifts from now on, with what moved.
  const watchShifts = () => {
    const found = [];
    window.__shifts = found;
    new PerformanceObserver((list) => {
      for (const each of list.getEntries()) {
        // Nodes in shadow roots are not told, so look at what is there now.
        const of = each.sources.map(({ currentRect: to, previousRect: from }) => {
          const there = deepest(to.x + to.width / 2, to.y + to.height / 2);
          return `${there}: ${[from.x, from.y, from.width, from.height]} -> ${[to.x, to.y, to.width, to.height]}`;
        });
        found.push({ value: each.value, at: each.startTime, of });
      }
    }).observe({ type: "layout-shift", buffered: false });
  };

  // Where panels and controls are; those of rows and of the chart's lines come, go and move with what they are of.
  const places = () => {
    const found = {};
    const kept = "[data-testid^=panel-], button, input, select, [role=tab]";
    walk(document, (each) => {
      if (!each.matches(kept) || !shown(each) || each.closest("[role=row], .chart-label, [data-testid$=-row]")) return;
      const { x, y, width, height } = each.getBoundingClientRect();
      const name = each.dataset.testid || each.ariaLabel || each.textContent.trim() || each.id;
      found[`${each.tagName} ${name}`] = [x, y, width, height].map((part) => Math.round(part)).join(" ");
    });
    return found;
  };

  // Controls that can be seen and have no name.
  const nameless = () => {
    const controls =
      "button, a[href], input:not([type=hidden]), select, textarea, [role=button], [role=tab]";
    const found = [];
    walk(document, (each) => {
      if (!each.matches(controls) || !shown(each)) return;
      const root = each.getRootNode();
      const ids = (each.getAttribute("aria-labelledby") ?? "").split(/\s+/);
      const named = [
        each.getAttribute("aria-label"),
        ...ids.map((id) => root.getElementById?.(id)?.textContent),
        ...[...(each.labels ?? [])].map((label) => label.textContent),
        each.matches("input, select, textarea") ? "" : each.textContent,
        each.title,
      ];
      if (!named.some((name) => (name ?? "").trim())) found.push(each.outerHTML.slice(0, 160));
    });
    return found;
  };

  const brush = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (text) => {
    brush.clearRect(0, 0, 1, 1);
    brush.fillStyle = text;
    brush.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = brush.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const light = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((part) => {
      const s = part / 255;
      return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (each) => {
    const layers = [];
    for (let at = each; at; at = at.parentElement ?? at.getRootNode().host ?? null) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
  };

  // Text whose contrast is below WCAG's AA, with the ratio; what is disabled may be pale.
  const pale = () => {
    const found = {};
    walk(document, (each) => {
      const says = [...each.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
      if (!says || !shown(each) || each.closest(":disabled, [aria-disabled=true], script, style")) return;
      const style = getComputedStyle(each);
      if (style.clipPath !== "none") return;
      const below = behind(each);
      const [a, b] = [light(over(rgba(style.color), below)), light(below)];
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      const size = parseFloat(style.fontSize);
      const large = size >= 24 || (size >= 18.66 && parseInt(style.fontWeight, 10) >= 700);
      if (ratio < (large ? 3 : 4.5))
        found[each.dataset.testid || each.className || each.tagName] =
          `${ratio.toFixed(2)} ${style.color} ${each.textContent.trim().slice(0, 30)}`;
    });
    return found;
  };

  return { watchShifts, places, nameless, pale };
})()
