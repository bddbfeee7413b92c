"""What integration tests share: a real PostgreSQL where its server is installed, and fresh databases."""

import pytest

from tests.commands import Answer, sample_shell
from tests.made_once import MadeOnce
from tests.scenes.postgres_server import PostgresServer, binaries
from tests.scenes.searches.canaries import landing_with_canaries


@pytest.fixture(scope="session")
def postgres_server():
    """A running PostgreSQL server, or a skip that says what is missing."""
    folder = binaries()
    if folder is None:
        pytest.skip("PostgreSQL's server (initdb, pg_ctl) is not installed")
    server = PostgresServer(folder)
    yield server
    server.stop()


@pytest.fixture
def postgres_url(postgres_server):
    """URL of an empty PostgreSQL database of its own."""
    return postgres_server.new_database()


@pytest.fixture(params=["sqlite", "postgresql"])
def operations_url(request, tmp_path):
    """URL of an empty operations database, once on each engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/operations.sqlite"
    return request.getfixturevalue("postgres_url")


@pytest.fixture(scope="session")
def sample_made_once(tmp_path_factory):
    """A home of the bundled sample with one more delivery of planted values, refreshed by the real command."""
    return MadeOnce(tmp_path_factory, "sample", _refresh_sample)


@pytest.fixture
def sample_refresh(sample_made_once, tmp_path):
    """A test's own copy of the refreshed home, and what the refresh answered."""
    return _copied(sample_made_once, tmp_path / "sample")


@pytest.fixture(scope="module")
def sample_of_module(sample_made_once, tmp_path_factory):
    """The same for fixtures that a module's tests share."""
    return _copied(sample_made_once, tmp_path_factory.mktemp("module") / "sample")


def _copied(made, target):
    folder = made.copy(target)
    return _sample(folder), Answer.read(folder / "answer.json")


def _sample(folder):
    return sample_shell(folder / "home with a space", LANDING=str(folder / "landing"))


def _refresh_sample(folder):
    landing_with_canaries(folder / "landing")
    shell = _sample(folder)
    made = shell.run("init")
    assert made.code == 0, made.err
    shell.run("refresh", "--json").write(folder / "answer.json")
