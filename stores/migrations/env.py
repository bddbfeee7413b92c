"""Runs migrations on the connection that `stores.migrations.migrate` hands over; never opens a database itself."""

from alembic import context

from stores.operations.all_tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
context.run_migrations()
