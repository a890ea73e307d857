"""What Alembic runs: the migrations, on the connection and in the transaction it is given."""

from alembic import context

from pipelines.schema import VERSION_TABLE, metadata

# There is a context only while Alembic runs this file, and none when somebody imports it.
if hasattr(context, "config"):
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        version_table=VERSION_TABLE,
    )
    context.run_migrations()
