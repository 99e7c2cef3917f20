"""Mustalinja as the portal assumes it: a REST API to pull from and signed webhooks."""
