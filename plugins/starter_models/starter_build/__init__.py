"""How the files in immich_starter_models/models come about; `build.py` runs it."""
