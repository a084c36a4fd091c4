"""Accounts, their preferences and their administration."""
