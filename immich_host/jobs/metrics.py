"""Counters of jobs, for whoever serves the metrics."""

from prometheus_client import Counter, Histogram

ENDED = Counter("immich_host_jobs", "Runs of jobs by how they ended", ["job", "end"])
SECONDS = Histogram(
    "immich_host_job_seconds", "How long runs take", ["queue"], buckets=(0.01, 0.05, 0.2, 1, 5, 20, 60, 300, 1800)
)
