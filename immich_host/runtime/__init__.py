"""Starting and supervising everything on one machine."""
