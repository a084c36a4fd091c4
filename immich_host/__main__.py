"""`python -m immich_host` is the command `immich-host`."""

from immich_host.cli import main

main()
