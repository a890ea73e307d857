"""Access tokens: what is not exactly ours, now, is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jwt
import pytest
import sqlalchemy as sa

from tests.identity.conftest import PASSWORD, SECRET, House, People
from workbench.errors import AuthError
from workbench.identity.signer import derived_key

Refused = Callable[..., AuthError]
KEY = derived_key(SECRET, "access")


@pytest.fixture
def claims(house: House, people: People) -> dict[str, Any]:
    """Claims of a good token."""
    people.user("ann")
    tokens = house(people.identity.login("ann", PASSWORD))
    return jwt.decode(
        tokens.access,
        KEY,
        algorithms=["HS256"],
        audience="workbench",
        options={"verify_exp": False, "verify_iat": False},
    )


def test_the_claims_are_all_there_and_signed_again_they_hold(people: People, claims: dict[str, Any]) -> None:
    assert {"iss", "aud", "exp", "iat", "jti", "sid", "sub", "ver"} <= set(claims)
    assert claims["exp"] - claims["iat"] == 600
    again = jwt.encode(claims, KEY, algorithm="HS256")
    assert people.identity.principal_of_token(again).name == "ann"


@pytest.mark.parametrize("missing", ["iss", "aud", "exp", "iat", "jti", "sid", "sub", "ver", "name", "role"])
def test_a_token_without_a_claim_is_refused(
    people: People, claims: dict[str, Any], refused: Refused, missing: str
) -> None:
    del claims[missing]
    token = jwt.encode(claims, KEY, algorithm="HS256")
    refused("bad_credentials", lambda: people.identity.principal_of_token(token))


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "another"},
        {"aud": ["workbench", "another"]},
        {"iss": "another"},
        {"sub": 7},
        {"ver": "1"},
        {"exp": "tomorrow"},
        {"exp": 1e300},
        {"iat": None},
        {"sid": ["a"]},
    ],
    ids=str,
)
def test_a_token_with_a_wrong_claim_is_refused(
    people: People, claims: dict[str, Any], refused: Refused, change: dict[str, Any]
) -> None:
    def encode() -> str:
        import json

        header = {"alg": "HS256", "typ": "JWT"}
        return jwt.api_jws.encode(
            json.dumps({**claims, **change}).encode(), KEY, algorithm="HS256", headers=header
        )

    token = encode()
    refused("bad_credentials", lambda: people.identity.principal_of_token(token))


def test_forged_tokens_are_refused(people: People, claims: dict[str, Any], refused: Refused) -> None:
    admit = people.identity.principal_of_token
    good = jwt.encode(claims, KEY, algorithm="HS256")
    header, payload, signature = good.split(".")
    unsigned = jwt.encode(claims, "", algorithm="none")
    forged = [
        unsigned,
        unsigned + signature,
        jwt.encode(claims, b"k" * 32, algorithm="HS256"),
        jwt.encode(claims, SECRET, algorithm="HS256"),
        jwt.encode(claims, KEY * 2, algorithm="HS512"),
        jwt.encode(claims, derived_key(SECRET, "refresh"), algorithm="HS256"),
        f"{header}.{payload}.",
        f"{header}.{payload}",
        f"{header}.{payload[:-2]}.{signature}",
        good + "x" * 3_000,
        "",
        "a.b.c",
        "\ud800",
        "ü.ü.ü",
    ]
    for token in forged:
        refused("bad_credentials", lambda token=token: admit(token))
    assert admit(good).name == "ann"


def test_a_token_is_good_from_its_time_to_its_end(
    house: House, people: People, claims: dict[str, Any], refused: Refused
) -> None:
    admit = people.identity.principal_of_token
    now_s = house.clock.ns // 10**9
    early = jwt.encode({**claims, "iat": now_s + 6, "exp": now_s + 606}, KEY, algorithm="HS256")
    skewed = jwt.encode({**claims, "iat": now_s + 5}, KEY, algorithm="HS256")
    good = jwt.encode(claims, KEY, algorithm="HS256")
    refused("bad_credentials", lambda: admit(early))
    admit(skewed)
    admit(good)
    house.clock.pass_s(599)
    admit(good)
    house.clock.pass_s(1)
    refused("expired", lambda: admit(good))
    refused("expired", lambda: admit(jwt.encode({**claims, "jti": "other"}, KEY, algorithm="HS256")))


def test_an_older_version_and_an_unknown_user_are_refused(
    house: House, people: People, claims: dict[str, Any], refused: Refused
) -> None:
    admit = people.identity.principal_of_token
    refused("revoked", lambda: admit(jwt.encode({**claims, "ver": 0}, KEY, algorithm="HS256")))
    house.clock.pass_s(60)
    house(people.identity.reread())
    nobody = {**claims, "sub": "5d8a7a0e-0000-4000-8000-000000000000"}
    refused("revoked", lambda: admit(jwt.encode(nobody, KEY, algorithm="HS256")))
    refused("revoked", lambda: admit(jwt.encode({**claims, "ver": 2}, KEY, algorithm="HS256")))
    newer = {**claims, "iat": claims["iat"] + 60, "role": "emperor", "ver": 2}
    refused("revoked", lambda: admit(jwt.encode(newer, KEY, algorithm="HS256")))


def test_a_key_too_short_is_an_error_and_no_warning(people: People) -> None:
    with pytest.raises(jwt.InvalidKeyError):
        people.identity._signer._jwt.encode({"sub": "x"}, b"short", algorithm="HS256")


@pytest.mark.parametrize("how", ["token", "key"])
def test_admission_is_out_of_memory(house: House, people: People, how: str) -> None:
    """Each takes some microseconds, which asking the database would not."""
    identity = people.identity
    user = people.user("ann")
    tokens = house(identity.login("ann", PASSWORD))
    key = house(identity.create_key(user.user_id))

    asked: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        asked.append(statement)

    async def many(count: int) -> None:
        for _ in range(count):
            if how == "token":
                identity.principal_of_token(tokens.access)
            else:
                await identity.principal_of_key(key.key_id, key.secret)

    sa.event.listen(identity._store.engine, "before_cursor_execute", note)
    house(identity.login("ann", PASSWORD))
    assert asked, "what is asked is heard"
    house(many(1))
    asked.clear()
    house(many(2_000))
    assert asked == []
