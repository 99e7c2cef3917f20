"""Each test with the counters of allauth's rate limits at zero."""

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def _nobody_has_tried_yet() -> None:
    cache.clear()
