"""The tables. Times are nanoseconds since 1970 in UTC; what people wrote is text; secrets are hashes only.

`migrations` makes them, and a test holds both against each other. Nothing here knows what is traded.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

users = Table(
    "users",
    metadata,
    Column("user_id", String(36), primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False, unique=True),
    Column("email", Text, nullable=False),
    Column("role", String(16), nullable=False),
    # Empty: nobody can log in.
    Column("password_hash", Text, nullable=False),
    Column("must_change", Boolean, nullable=False),
    Column("one_time_until_ns", BigInteger),
    # Access tokens carry the version they were made under; a higher one ends them all.
    Column("version", Integer, nullable=False),
    # Counts every change of what is kept in memory, so that the newer of two readings is known.
    Column("revision", Integer, nullable=False),
    Column("disabled_ns", BigInteger),
    Column("deleted_ns", BigInteger),
    Column("created_ns", BigInteger, nullable=False),
    Column("changed_ns", BigInteger, nullable=False, index=True),
    Column("login_ns", BigInteger),
    Column("profile", Text, nullable=False),
    Column("preferences", Text, nullable=False),
)

families = Table(
    "families",
    metadata,
    Column("family_id", String(36), primary_key=True),
    Column("user_id", ForeignKey("users.user_id"), nullable=False, index=True),
    Column("client", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("created_ns", BigInteger, nullable=False),
    Column("used_ns", BigInteger, nullable=False),
    Column("expires_ns", BigInteger, nullable=False, index=True),
    Column("revoked_ns", BigInteger, index=True),
    Column("ending", String(32), nullable=False),
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("family_id", ForeignKey("families.family_id"), nullable=False, index=True),
    Column("issued_ns", BigInteger, nullable=False),
    Column("used_ns", BigInteger),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", String(20), primary_key=True),
    Column("user_id", ForeignKey("users.user_id"), nullable=False, index=True),
    Column("secret_hash", String(64), nullable=False),
    Column("label", Text, nullable=False),
    Column("session", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("created_ns", BigInteger, nullable=False),
    Column("expires_ns", BigInteger),
    Column("used_ns", BigInteger),
    Column("revoked_ns", BigInteger, index=True),
)

classes = Table(
    "classes",
    metadata,
    Column("class_id", String(36), primary_key=True),
    Column("name", Text, nullable=False),
    # None: nobody can join by code.
    Column("code", String(16), unique=True),
    Column("created_ns", BigInteger, nullable=False),
    Column("archived_ns", BigInteger),
    # Count and date every change of the class and of who is in it, as those of `users` do.
    Column("revision", Integer, nullable=False, server_default="0"),
    Column("changed_ns", BigInteger, nullable=False, server_default="0", index=True),
)

members = Table(
    "members",
    metadata,
    Column("class_id", ForeignKey("classes.class_id"), primary_key=True),
    Column("user_id", ForeignKey("users.user_id"), primary_key=True, index=True),
    # Staff run the class; the others learn in it.
    Column("staff", Boolean, nullable=False),
    Column("number", Text, nullable=False),
    Column("joined_ns", BigInteger, nullable=False),
)

# No foreign keys: an entry outlives whatever it is about. No names: a person can be forgotten.
audit_log = Table(
    "audit_log",
    metadata,
    Column("entry_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at_ns", BigInteger, nullable=False, index=True),
    Column("actor_id", String(36), nullable=False, index=True),
    Column("actor_kind", String(16), nullable=False),
    Column("key_id", String(20), nullable=False),
    Column("action", String(64), nullable=False, index=True),
    Column("target", Text, nullable=False, index=True),
    Column("details", Text, nullable=False),
    Column("client", Text, nullable=False),
)
