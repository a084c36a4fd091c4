"""The mobile app's copy of a library: streams of what has changed, and what each session has confirmed."""
