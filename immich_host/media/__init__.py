"""The byte lane: raw ASGI in front of Quart for uploads and files."""
