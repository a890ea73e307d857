"""Users, logins, API keys, classes and the audit log."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make all tables of the first layout."""
    op.create_table(
        "users",
        sa.Column("user_id", sa.String(36), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("name_key", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("must_change", sa.Boolean, nullable=False),
        sa.Column("one_time_until_ns", sa.BigInteger),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("disabled_ns", sa.BigInteger),
        sa.Column("deleted_ns", sa.BigInteger),
        sa.Column("created_ns", sa.BigInteger, nullable=False),
        sa.Column("changed_ns", sa.BigInteger, nullable=False),
        sa.Column("login_ns", sa.BigInteger),
        sa.Column("profile", sa.Text, nullable=False),
        sa.Column("preferences", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_users"),
        sa.UniqueConstraint("name_key", name="uq_users_name_key"),
    )
    op.create_table(
        "families",
        sa.Column("family_id", sa.String(36), nullable=False),
        sa.Column("user_id", sa.String(36), nullable=False),
        sa.Column("client", sa.Text, nullable=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("created_ns", sa.BigInteger, nullable=False),
        sa.Column("used_ns", sa.BigInteger, nullable=False),
        sa.Column("expires_ns", sa.BigInteger, nullable=False),
        sa.Column("revoked_ns", sa.BigInteger),
        sa.Column("ending", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("family_id", name="pk_families"),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name="fk_families_user_id"),
    )
    op.create_table(
        "refresh_tokens",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("family_id", sa.String(36), nullable=False),
        sa.Column("issued_ns", sa.BigInteger, nullable=False),
        sa.Column("used_ns", sa.BigInteger),
        sa.PrimaryKeyConstraint("token_hash", name="pk_refresh_tokens"),
        sa.ForeignKeyConstraint(["family_id"], ["families.family_id"], name="fk_refresh_tokens_family_id"),
    )
    op.create_table(
        "api_keys",
        sa.Column("key_id", sa.String(20), nullable=False),
        sa.Column("user_id", sa.String(36), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("session", sa.Text, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("created_ns", sa.BigInteger, nullable=False),
        sa.Column("expires_ns", sa.BigInteger),
        sa.Column("used_ns", sa.BigInteger),
        sa.Column("revoked_ns", sa.BigInteger),
        sa.PrimaryKeyConstraint("key_id", name="pk_api_keys"),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name="fk_api_keys_user_id"),
    )
    op.create_table(
        "classes",
        sa.Column("class_id", sa.String(36), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("code", sa.String(16)),
        sa.Column("created_ns", sa.BigInteger, nullable=False),
        sa.Column("archived_ns", sa.BigInteger),
        sa.PrimaryKeyConstraint("class_id", name="pk_classes"),
        sa.UniqueConstraint("code", name="uq_classes_code"),
    )
    op.create_table(
        "members",
        sa.Column("class_id", sa.String(36), nullable=False),
        sa.Column("user_id", sa.String(36), nullable=False),
        sa.Column("staff", sa.Boolean, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("joined_ns", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("class_id", "user_id", name="pk_members"),
        sa.ForeignKeyConstraint(["class_id"], ["classes.class_id"], name="fk_members_class_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name="fk_members_user_id"),
    )
    op.create_table(
        "audit_log",
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("at_ns", sa.BigInteger, nullable=False),
        sa.Column("actor_id", sa.String(36), nullable=False),
        sa.Column("actor_kind", sa.String(16), nullable=False),
        sa.Column("key_id", sa.String(20), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("client", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name="pk_audit_log"),
    )
    for table, column in (
        ("users", "changed_ns"),
        ("families", "user_id"),
        ("families", "expires_ns"),
        ("families", "revoked_ns"),
        ("refresh_tokens", "family_id"),
        ("api_keys", "user_id"),
        ("api_keys", "revoked_ns"),
        ("members", "user_id"),
        ("audit_log", "at_ns"),
        ("audit_log", "actor_id"),
        ("audit_log", "action"),
        ("audit_log", "target"),
    ):
        op.create_index(f"ix_{table}_{column}", table, [column])
    _make_the_log_append_only()


def _make_the_log_append_only() -> None:
    """Let the database itself refuse to change or remove an entry of the audit log."""
    if op.get_context().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_log_no_{act.lower()} BEFORE {act} ON audit_log "
                "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_log_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log "
        "FOR EACH ROW EXECUTE FUNCTION audit_log_refuse()"
    )


def downgrade() -> None:
    """Remove everything; for tests of the way back."""
    for table in ("audit_log", "members", "classes", "api_keys", "refresh_tokens", "families", "users"):
        op.drop_table(table)
    if op.get_context().dialect.name != "sqlite":
        op.execute("DROP FUNCTION audit_log_refuse()")
