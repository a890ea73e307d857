"""When a class was last changed, and how often, so that other servers read who is in it again."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Count the changes of a class."""
    op.add_column("classes", sa.Column("revision", sa.Integer, nullable=False, server_default="0"))
    op.add_column("classes", sa.Column("changed_ns", sa.BigInteger, nullable=False, server_default="0"))
    op.create_index("ix_classes_changed_ns", "classes", ["changed_ns"])


def downgrade() -> None:
    """Count them no more; for tests of the way back."""
    op.drop_index("ix_classes_changed_ns", "classes")
    op.drop_column("classes", "changed_ns")
    op.drop_column("classes", "revision")
