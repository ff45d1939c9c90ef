import asyncio

import pytest

from core.store import ArtifactStore
from tests.load.crowd import play, play_on, warm_up
from tests.load.server import watched_server


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server with an empty store that every page was read from once."""
    folder = tmp_path_factory.mktemp("store")
    ArtifactStore(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOTTLENECK_ARTIFACTS", str(folder))
        with watched_server() as started:
            assert asyncio.run(warm_up(started)) == []
            yield started


@pytest.mark.slow
@pytest.mark.parametrize("name", ["encoders", "readers", "uploads", "refusals", "made_up_uploads"])
def test_a_small_crowd_meets_no_error(name, server):
    """The bounds on time belong to a quiet machine and the command; errors belong to none."""
    report = asyncio.run(play_on(server, name, count=3))
    assert report.errors == []
    assert report.answers >= (1 if name == "made_up_uploads" else 3)


@pytest.mark.exhaustive
def test_work_stops_within_five_seconds_of_a_visitor_leaving(tmp_path, monkeypatch):
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(tmp_path))
    report = asyncio.run(play("hostile", count=1))
    assert report.errors == []
    assert report.facts["stopped_after_seconds"] <= 5
