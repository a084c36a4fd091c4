"""Who is asking: credentials, sessions, API keys, PIN."""
