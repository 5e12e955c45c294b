"""Ledger of what was applied and by whom, and the lock, in SQLite by default or in PostgreSQL by URL."""
