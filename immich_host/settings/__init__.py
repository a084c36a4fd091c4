"""The system configuration, assembled from sections of host and plugins."""
