"""A store with a small data set to search on."""

import numpy as np
import pytest

from core.dataset.splits import sample_images
from core.png import encode_png
from core.store import ArtifactStore
from pipelines import prepare


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """Folder of a store with a data set of nine training images."""
    folder = tmp_path_factory.mktemp("search")
    image = next(iter(sample_images().values()))
    for part, count in (("train", 3), ("val", 4)):
        for class_id in ("n01440764", "n02979186", "n03028079"):
            target = folder / "source" / part / class_id
            target.mkdir(parents=True)
            for number in range(count):
                corner = 10 * (number + 5 * int(class_id[-1]))
                crop = np.ascontiguousarray(image[corner : corner + 200, corner : corner + 200])
                (target / f"{part}{number}.png").write_bytes(encode_png(crop))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOTTLENECK_ARTIFACTS", str(folder / "artifacts"))
        assert prepare.main(["--source", str(folder / "source"), "--processes", "1"]) == 0
    return folder / "artifacts"


@pytest.fixture
def store(prepared, tmp_path, monkeypatch):
    """Store with that data set and nothing else."""
    (tmp_path / "artifacts").mkdir()
    (tmp_path / "artifacts" / "datasets").symlink_to(prepared / "datasets")
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(tmp_path / "artifacts"))
    return ArtifactStore(tmp_path / "artifacts")
