"""Two more tables, made when the first audit is kept: what audits found, and since when what differs."""

from sqlalchemy import Boolean, Column, Integer, MetaData, Table, Text

metadata = MetaData()

results = Table(
    "reconciler_audits",
    metadata,
    Column("run", Text, primary_key=True),
    Column("owner", Text, primary_key=True),
    Column("at", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("seal", Text, nullable=False),
)
"""One row for each environment an audit has done: a run that broke off goes on with those that have none."""

drift = Table(
    "reconciler_drift",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("address", Text, primary_key=True),
    Column("path", Text, primary_key=True),
    Column("attribution", Text, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("first", Text, nullable=False),
    Column("since", Text, nullable=False),
    Column("last", Text, nullable=False),
    Column("flips", Integer, nullable=False),
    Column("seal", Text, nullable=False),
)
"""One row for each field that was ever found to differ: first and last seen, and how often it came and went."""
