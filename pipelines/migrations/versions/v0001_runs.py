"""Jobs, their runs and every attempt at them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make all tables of the first layout."""
    op.create_table(
        "pipeline_jobs",
        sa.Column("job", sa.String(100), nullable=False),
        sa.Column("planned_until_ns", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("job", name="pk_pipeline_jobs"),
    )
    op.create_table(
        "pipeline_runs",
        sa.Column("run_id", sa.String(32), nullable=False),
        sa.Column("job", sa.String(100), nullable=False),
        sa.Column("logical_ns", sa.BigInteger, nullable=False),
        sa.Column("task", sa.Text, nullable=False),
        sa.Column("step", sa.String(16), nullable=False),
        sa.Column("parent_id", sa.String(32), nullable=False),
        sa.Column("report", sa.String(100), nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("user_id", sa.String(36), nullable=False),
        sa.Column("class_id", sa.Text, nullable=False),
        sa.Column("session", sa.Text, nullable=False),
        sa.Column("first_day", sa.String(10), nullable=False),
        sa.Column("last_day", sa.String(10), nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("asked_by", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("planned_ns", sa.BigInteger, nullable=False),
        sa.Column("due_ns", sa.BigInteger, nullable=False),
        sa.Column("ready_ns", sa.BigInteger, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("lease_ns", sa.BigInteger, nullable=False),
        sa.Column("ended_ns", sa.BigInteger),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("on_page", sa.Boolean, nullable=False),
        sa.Column("folder", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("headline", sa.Text, nullable=False),
        sa.Column("empty", sa.Boolean, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("run_id", name="pk_pipeline_runs"),
    )
    op.create_index("uq_pipeline_runs_task", "pipeline_runs", ["job", "logical_ns", "task"], unique=True)
    op.create_index("ix_pipeline_runs_ready", "pipeline_runs", ["state", "ready_ns"])
    op.create_index("ix_pipeline_runs_ended", "pipeline_runs", ["ended_ns"])
    op.create_index("ix_pipeline_runs_user_id", "pipeline_runs", ["user_id"])
    op.create_table(
        "pipeline_attempts",
        sa.Column("run_id", sa.String(32), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("began_ns", sa.BigInteger, nullable=False),
        sa.Column("ended_ns", sa.BigInteger),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "attempt", name="pk_pipeline_attempts"),
    )


def downgrade() -> None:
    """Drop them; for tests of the way back."""
    for table in ("pipeline_attempts", "pipeline_runs", "pipeline_jobs"):
        op.drop_table(table)
