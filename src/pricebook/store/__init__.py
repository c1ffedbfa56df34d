"""Embedded stores that keep the same rules as the vendor's: in memory, and in SQLite or PostgreSQL."""
