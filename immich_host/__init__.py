"""A photo and video backup server that speaks Immich's REST API and is made of plugins."""
