"""Stores that keep the same rules as the vendor's: in SQLite or PostgreSQL."""
