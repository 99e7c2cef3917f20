"""The demonstration: starts portal, worker and sandbox, and plays a small company's first calls through them.

It knows the portal as any outsider does, by its commands and over HTTP.
"""
