"""Jobs on Dramatiq: requests, queues, outbox, milestones, sweeps and schedule."""
