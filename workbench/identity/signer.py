"""Access tokens: JWT, signed with HS256 and nothing else."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable

import jwt
import msgspec
from msgspec import Struct

from workbench.errors import AuthError, ConfigError
from workbench.identity.settings import IdentitySettings
from workbench.identity.standing import Facts

SECRET_BYTES_MIN = 32
_SECOND_NS = 1_000_000_000
_TOKEN_CHARACTERS_MAX = 2_048
_REQUIRED = ["iss", "aud", "exp", "iat", "jti", "sub", "sid", "ver"]


class Claims(Struct, frozen=True):
    """What an access token says, proven to be ours; times in seconds."""

    sub: str
    sid: str
    ver: int
    iat: int
    exp: int
    name: str
    role: str
    one_time: bool = False


def derived_key(secret: bytes, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose, so that no two uses of the server's secret share one."""
    return hmac.new(secret, b"workbench identity: " + purpose.encode(), hashlib.sha256).digest()


class Signer:
    """Makes and reads access tokens.

    Parameters
    ----------
    secret
        The server's secret, at least 32 bytes.
    settings
        Issuer, audience and life of a token.
    now_ns
        The clock.
    """

    def __init__(self, secret: bytes, settings: IdentitySettings, now_ns: Callable[[], int]) -> None:
        if len(secret) < SECRET_BYTES_MIN:
            raise ConfigError(
                f"is {len(secret)} bytes long, expected {SECRET_BYTES_MIN} or more",
                "secret",
                "make one with: python -c 'import secrets; print(secrets.token_hex(32))'",
            )
        self._key = derived_key(secret, "access")
        self._settings = settings
        self._now_ns = now_ns
        # A short key is an error and not a warning; times are checked here, for the clock is ours.
        self._jwt = jwt.PyJWT(
            {
                "enforce_minimum_key_length": True,
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
                "strict_aud": True,
                "require": _REQUIRED,
            }
        )

    def sign(self, facts: Facts, family: str, expires_ns: int) -> tuple[str, int]:
        """Access token of a user's login, and its life in seconds, at most until `expires_ns`."""
        iat = self._now_ns() // _SECOND_NS
        exp = min(iat + self._settings.access_s, expires_ns // _SECOND_NS)
        claims = {
            "iss": self._settings.issuer,
            "aud": self._settings.audience,
            "iat": iat,
            "exp": exp,
            "jti": secrets.token_urlsafe(12),
            "sub": facts.user_id,
            "sid": family,
            "ver": facts.version,
            "name": facts.name,
            "role": str(facts.role),
            "one_time": facts.must_change,
        }
        return self._jwt.encode(claims, self._key, algorithm="HS256"), exp - iat

    def read(self, token: str) -> Claims:
        """Claims of a token of ours that is not expired; AuthError otherwise."""
        if len(token) > _TOKEN_CHARACTERS_MAX or not token.isascii():
            raise bad_token()
        try:
            payload = self._jwt.decode(
                token,
                self._key,
                algorithms=["HS256"],
                audience=self._settings.audience,
                issuer=self._settings.issuer,
            )
            claims = msgspec.convert(payload, Claims)
        except (jwt.PyJWTError, msgspec.ValidationError) as error:
            raise bad_token() from error
        now_s = self._now_ns() // _SECOND_NS
        if claims.iat > now_s + self._settings.skew_s:
            raise bad_token()
        check_expiry(claims, now_s)
        return claims


def check_expiry(claims: Claims, now_s: int) -> None:
    """Raise AuthError("expired") when the token's time is over."""
    if now_s >= claims.exp:
        raise AuthError("expired", "the access token has expired", remedy="refresh it or log in again")


def bad_token() -> AuthError:
    """What is said of every token that is not ours, whatever is wrong with it."""
    return AuthError("bad_credentials", "this is no access token of this server", remedy="log in again")
