"""The ledger: what was applied, by whom, and who holds the lock, in SQLite by default or in PostgreSQL by URL."""
