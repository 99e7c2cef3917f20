"""The addresses of all pages, from the table of tests/test_access.py: a new page is looked at without being named."""

import re

from tests.test_access import ROLES, TABLE

FOR_PROGRAMS = re.compile(r"/(api|health|metrics)\b|\.\w+$")
"""What programs read, and files."""


def pages_of(role: str, **parts: str) -> list[str]:
    """The paths that answer a role with a page; `parts` fill the names in the table's paths."""
    column = ROLES.index(role)
    paths = [path for path, statuses in TABLE.values() if statuses[column] == 200]
    return [path.format(**parts) for path in paths if not FOR_PROGRAMS.search(path)]
