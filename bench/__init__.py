"""The benchmarks: what the portal costs and how fast it is, as ratios measured in one run.

They start the portal as it runs at a customer's, and know it by its commands, over HTTP and by its database.
docs/performance.md says what each number means.
"""
