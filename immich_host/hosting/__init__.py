"""Finding plugins, their status and order, and calling their hooks; the only room that knows pluggy."""
