"""Socket.IO events to clients."""
