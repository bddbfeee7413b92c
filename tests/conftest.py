"""How the suite is dealt out to several cores: a file at a time, and together what shares one refreshed home.

Fixtures and settings of single rooms do not belong here.
"""

from collections.abc import Iterable

import pytest

# making one of these takes a minute: all the files that look at it go to one process
SHARED_HOMES = ("shared_refresh", "sample_refresh")


def _homes(items: Iterable[pytest.Item]) -> dict[str, str]:
    """Of each file that uses a shared home, which one."""
    return {
        str(item.path): home for item in items for home in SHARED_HOMES if home in getattr(item, "fixturenames", ())
    }


@pytest.hookimpl(tryfirst=True)  # before the worker reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test the group that runs in one process (read by `--dist loadgroup`)."""
    homes = _homes(items)
    for item in items:
        file = str(item.path)
        item.add_marker(pytest.mark.xdist_group(homes.get(file, file)))
