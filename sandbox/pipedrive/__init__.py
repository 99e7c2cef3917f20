"""Pipedrive as the portal sees it: OAuth, the API operations a phone connector needs, their limits."""
