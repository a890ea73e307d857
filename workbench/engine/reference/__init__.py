"""The exchange in plain Python, written from docs/rules.md; the compiled kernel is compared with it.

It is meant to be stepped through in a debugger. `exchange.step` calls one function for each command; all of
them are plain functions that take the exchange's state, `twin`, first. Where to look:

- a command comes in: `exchange`, `command`; what it says of itself is refused: `naming`
- new orders: `entering`, with `terms` and `approval` for the checks; matching and fills: `matching`, `fills`
- orders rest, are held, shrink and end: `orders`; cancel and replace: `changing`
- groups, and every end that is told to them: `groups`
- held orders: `held`; they become active: `activating`; what prices they and others go by: `references`
- phases: `phases`, `auctions`; price limits: `rolling`, `limits`; what falls due: `timing`
- what a command sets off at its end: `settle`
- mass cancel, suspension, kill switch, phases, bands, short sale restrictions, collars: `controlling`
- history's executions: `executing`; its auctions: `crossing`; what history missed: `divergence`
- money: `means` (buying power and margin), `charging` (fees), `cash`, `dividends`, `splits`, `accruals`
- what positions are worth: `marks`; limits on them: `exposure`, `monitoring`, `liquidation`; `collars`
- events go out: `emit`; the state: `state`, seen from outside: `views`; what always holds: `invariants`

Names are the kernel's where the subject is the same.
"""

from workbench.engine.reference.exchange import ReferenceExchange
from workbench.engine.reference.invariants import check_invariants

__all__ = ["ReferenceExchange", "check_invariants"]
