"""Archives of originals."""
