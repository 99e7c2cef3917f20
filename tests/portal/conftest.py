"""The fixtures of the tests against the running portal."""

from tests.portal.fixtures import calm, portal

__all__ = ["calm", "portal"]
