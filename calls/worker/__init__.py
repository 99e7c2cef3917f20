"""The worker: a supervisor, and the group of processes that does the work under it."""
