"""Connections, transactions, change notices and migrations."""
