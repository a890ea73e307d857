"""How log-ins end, as the refresh token of one that has ended tells it, and nothing else does."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from tests.conftest import ROOT
from tests.identity.conftest import DAY_S, PASSWORD, House, People
from workbench.errors import AuthError
from workbench.identity import CONSOLE, Identity
from workbench.identity.endings import Ending, ending_of
from workbench.identity.families import Tokens
from workbench.identity.schema import families

Refused = Callable[..., AuthError]
NEW = "another horse battery"


def used_twice(house: House, identity: Identity, tokens: Tokens) -> None:
    house(identity.refresh(tokens.refresh))
    house.clock.pass_s(11)
    with pytest.raises(AuthError) as told:
        house(identity.refresh(tokens.refresh))
    assert (told.value.kind, told.value.ending) == ("reused", "reused")


def crowded_out(house: House, identity: Identity, tokens: Tokens) -> None:
    for _ in range(identity.settings.devices_per_user):
        house.clock.pass_s(1)
        house(identity.login(tokens.principal.name, PASSWORD))


def elsewhere(house: House, identity: Identity, tokens: Tokens) -> Any:
    return house(identity.login(tokens.principal.name, PASSWORD)).principal


WAYS: dict[Ending, tuple[str, Callable[[House, Identity, Tokens], Any]]] = {
    Ending.LOGOUT: (
        "revoked",
        lambda house, identity, tokens: house(
            identity.revoke_device(elsewhere(house, identity, tokens), tokens.principal.family)
        ),
    ),
    Ending.EVERYWHERE: (
        "revoked",
        lambda house, identity, tokens: house(
            identity.logout_everywhere(tokens.principal.user_id, by=CONSOLE)
        ),
    ),
    Ending.PASSWORD_CHANGED: (
        "revoked",
        lambda house, identity, tokens: house(
            identity.change_password(elsewhere(house, identity, tokens), PASSWORD, NEW)
        ),
    ),
    Ending.PASSWORD_RESET: (
        "revoked",
        lambda house, identity, tokens: house(identity.reset_password(CONSOLE, tokens.principal.user_id)),
    ),
    Ending.DISABLED: (
        "disabled",
        lambda house, identity, tokens: house(identity.disable(CONSOLE, tokens.principal.user_id)),
    ),
    Ending.DELETED: (
        "disabled",
        lambda house, identity, tokens: house(identity.delete(CONSOLE, tokens.principal.user_id)),
    ),
    Ending.REUSED: ("revoked", used_twice),
    Ending.TOO_MANY: ("revoked", crowded_out),
    Ending.EXPIRED: ("expired", lambda house, identity, tokens: house.clock.pass_s(7 * DAY_S)),  # noqa: ARG005
}


@pytest.mark.parametrize("ending", Ending)
def test_who_shows_the_token_of_a_login_that_has_ended_is_told_how(
    house: House, refused: Refused, ending: Ending
) -> None:
    identity = house.open(devices_per_user=2)
    house(identity.sign_up("ann", PASSWORD))
    tokens = house(identity.login("ann", PASSWORD))
    kind, end = WAYS[ending]
    end(house, identity, tokens)
    # The same from a server that was started since.
    for server in (identity, house.open(devices_per_user=2)):
        told = refused(kind, lambda server=server: server.refresh(tokens.refresh), house)
        assert told.ending == ending.code
        if kind == "revoked":
            assert str(told) == ending.sentence


def test_an_account_that_is_enabled_again_does_not_bring_its_logins_back(
    house: House, people: People, refused: Refused
) -> None:
    identity, user = people.identity, people.user("ann")
    tokens = house(identity.login("ann", PASSWORD))
    house(identity.disable(CONSOLE, user.user_id))
    house(identity.enable(CONSOLE, user.user_id))
    told = refused("revoked", lambda: identity.refresh(tokens.refresh), house)
    assert told.ending == "disabled"


def test_who_has_no_token_of_ours_is_told_nothing(house: House, people: People, refused: Refused) -> None:
    identity, user = people.identity, people.user("ann")
    tokens = house(identity.login("ann", PASSWORD))
    house(identity.disable(CONSOLE, user.user_id))
    for token in ("", "x" * 43, tokens.refresh[::-1], tokens.access, tokens.principal.family):
        told = refused("bad_credentials", lambda token=token: identity.refresh(token), house)
        assert told.ending == ""
    told = refused("bad_credentials", lambda: identity.login("ann", "a wrong password"), house)
    assert told.ending == ""


def test_an_ending_of_another_release_is_an_ending_without_a_reason(
    house: House, people: People, refused: Refused
) -> None:
    identity = people.identity
    people.user("ann")
    tokens = house(identity.login("ann", PASSWORD))
    house(identity.logout(tokens.refresh))
    house(
        identity._store.write(
            lambda transaction: transaction.execute(sa.update(families).values(ending="struck by lightning"))
        )
    )
    told = refused("revoked", lambda: identity.refresh(tokens.refresh), house)
    assert (told.ending, str(told)) == ("", "this login has ended; log in again")


@pytest.mark.parametrize("code", ["", "PASSWORD_RESET", "<script>", "logout\n", "nonsense"])
def test_what_is_no_code_means_no_ending(code: str) -> None:
    assert ending_of(code) is None


def test_the_page_tells_every_ending_and_no_other() -> None:
    page = (ROOT / "docs" / "identity.md").read_text()
    table = page.split("## How log-ins end")[1].split("\n## ")[0]
    told = dict(re.findall(r"^\| `(\w+)` \| .* \| (.+) \|$", table, re.MULTILINE))
    assert told == {ending.code: ending.sentence for ending in Ending}
    assert all(ending_of(ending.code) is ending for ending in Ending)
