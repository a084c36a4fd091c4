"""The timeline's buckets."""
