"""The test kit: fixtures to run a host with chosen plugins."""
