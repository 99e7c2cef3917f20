"""docs/privacy.md says of every table what it holds of people, and how long by the settings of the code."""

import re

from django.apps import apps

from connector_portal import settings as defaults
from tests.docs.pages import page

PRIVACY = "docs/privacy.md"


def rows() -> dict[str, list[str]]:
    """The other cells of each table row, by its first cell."""
    found = re.findall(r"^\| `([^`]+)` \| (.+) \|$", page(PRIVACY).prose, re.MULTILINE)
    return {first: rest.split(" | ") for first, rest in found}


def test_every_table_of_the_database_is_described_and_no_other() -> None:
    described = {name for name in rows() if "." in name}
    assert described == {model._meta.label for model in apps.get_models() if not model._meta.proxy}
    assert all(len(cells) == 3 and all(cells) for name, cells in rows().items() if "." in name)


def test_how_long_things_are_kept_is_what_the_settings_say() -> None:
    said = {name: int(cells[0]) for name, cells in rows().items() if name.isupper()}
    assert said == {name: getattr(defaults, name) for name in dir(defaults) if name.startswith("KEEP_")}
    named = set(re.findall(r"`(KEEP_\w+)`", "".join(cells[-1] for name, cells in rows().items() if "." in name)))
    assert named == set(said)


def test_every_setting_of_retention_is_read_by_the_job() -> None:
    job = "".join(
        (page(PRIVACY).path.parents[1] / name).read_text() for name in ("support/retention.py", "calls/past_calls.py")
    )
    assert set(re.findall(r"settings\.(KEEP_\w+)", job)) == {name for name in rows() if name.isupper()}
