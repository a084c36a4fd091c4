"""Photos and videos: rows, metadata, uploads and files."""
