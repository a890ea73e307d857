"""The ledger's tables. Times are nanoseconds since 1970 in UTC; days are the exchange's own, YYYY-MM-DD.

`migrations` makes them, and a test holds both against each other. They may lie in the database of identity,
so their names begin alike.
"""

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, MetaData, String, Table, Text

VERSION_TABLE = "pipeline_version"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

jobs = Table(
    "pipeline_jobs",
    metadata,
    Column("job", String(100), primary_key=True),
    # Every time due until then has its runs in the ledger.
    Column("planned_until_ns", BigInteger, nullable=False),
)

runs = Table(
    "pipeline_runs",
    metadata,
    Column("run_id", String(32), primary_key=True),
    Column("job", String(100), nullable=False),
    Column("logical_ns", BigInteger, nullable=False),
    # What of the job it is, in words; job, logical time and task are one run, however often it is planned.
    Column("task", Text, nullable=False),
    Column("step", String(16), nullable=False),
    Column("parent_id", String(32), nullable=False),
    # What it is about.
    Column("report", String(100), nullable=False),
    Column("account", Text, nullable=False),
    Column("user_id", String(36), nullable=False, index=True),
    Column("class_id", Text, nullable=False),
    Column("session", Text, nullable=False),
    Column("first_day", String(10), nullable=False),
    Column("last_day", String(10), nullable=False),
    Column("details", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    # How it goes.
    Column("state", String(16), nullable=False),
    Column("planned_ns", BigInteger, nullable=False),
    Column("due_ns", BigInteger, nullable=False),
    Column("ready_ns", BigInteger, nullable=False),
    # Counts whoever took it; only the latest may finish it.
    Column("attempt", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("owner", Text, nullable=False),
    Column("lease_ns", BigInteger, nullable=False),
    # How it ended; or, while it waits, why it waits.
    Column("ended_ns", BigInteger),
    Column("note", Text, nullable=False),
    Column("on_page", Boolean, nullable=False),
    Column("folder", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("headline", Text, nullable=False),
    Column("empty", Boolean, nullable=False),
    Column("summary", Text, nullable=False),
    Column("seconds", Float, nullable=False),
    Index("uq_pipeline_runs_task", "job", "logical_ns", "task", unique=True),
    Index("ix_pipeline_runs_ready", "state", "ready_ns"),
    Index("ix_pipeline_runs_ended", "ended_ns"),
)

attempts = Table(
    "pipeline_attempts",
    metadata,
    Column("run_id", String(32), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("began_ns", BigInteger, nullable=False),
    Column("ended_ns", BigInteger),
    # done, failed, waited, released or lost; empty while it goes on.
    Column("outcome", String(16), nullable=False),
    Column("note", Text, nullable=False),
)
