"""How soon a desk shows data in a browser with an empty cache: `... PLAN`; prints JSON."""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import sync_playwright

from benchmarks.desks_traders import PRICE, TICK

LONGEST_S = 60.0
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"
# The moment of the frame in which the page has said that account, chart and book have data.
_READY = """() => {
  const find = root => {
    const found = root.querySelector('[data-testid="desk"][data-ready="true"]');
    if (found) return found;
    for (const each of root.querySelectorAll('*'))
      if (each.shadowRoot) { const inner = find(each.shadowRoot); if (inner) return inner; }
    return null;
  };
  const look = () => find(document) ? (window.__ready = performance.now()) : requestAnimationFrame(look);
  requestAnimationFrame(look);
}"""


def seed(plan: dict[str, Any]) -> None:
    """A market to look at: a book, and a trade."""
    orders = f"{plan['url']}/api/sessions/{plan['session']}/orders"
    terms = {"symbol": plan["symbol"], "type": "limit", "quantity": "100"}
    quoting, taking = ({"Cookie": cookie} for cookie in plan["cookies"][1:3])
    for away in range(1, 11):
        for side, price in (("buy", PRICE - away * TICK), ("sell", PRICE + away * TICK)):
            body = {**terms, "side": side, "limit_price": f"{price:.2f}"}
            httpx.post(orders, json=body, headers=quoting, trust_env=False).raise_for_status()
    body = {**terms, "side": "buy", "limit_price": f"{PRICE + TICK:.2f}"}
    httpx.post(orders, json=body, headers=taking, trust_env=False).raise_for_status()


def paints(plan: dict[str, Any]) -> dict[str, Any]:
    """Open the desk some times, each with an empty cache, one after the other."""
    name, _, value = plan["cookies"][0].partition("=")
    seed(plan)
    found: list[dict[str, float | None]] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("chromium-browser"), args=FLAGS
        )
        for _ in range(plan["repeats"]):
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            context.add_cookies([{"name": name, "value": value, "url": plan["url"]}])
            context.add_init_script(f"({_READY})()")
            page = context.new_page()
            page.goto(plan["url"] + plan["path"])
            # `wait_for_function` would need a page whose policy allows eval.
            end = time.monotonic() + LONGEST_S
            while (ready := page.evaluate("() => window.__ready ?? null")) is None:
                if time.monotonic() > end:
                    raise TimeoutError("the desk never said that it has data")
                page.wait_for_timeout(50)
            found.append({"paint_ms": page.evaluate(_PAINT), "ready_ms": ready})
            context.close()
        browser.close()
    return {"opened": found}


def main() -> int:
    """Run the plan in the file that is named."""
    print(json.dumps(paints(json.loads(Path(sys.argv[1]).read_text()))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
