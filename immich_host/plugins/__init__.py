"""Plugins as administrators see them: what there is, on and off, settings, purge; by API and by command."""
