"""A Pipedrive and a Mustalinja on localhost: one process, no product code, only HTTP."""
