"""BNK's model for the eye is a codec of its own once it is trained."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from core.codecs import codecs, get_codec
from core.codecs.recognition import recognise
from core.entropy.errors import UnknownModel
from core.evaluation.comparison import unready_codecs
from core.evaluation.fingerprint import model_digest
from core.images import Image
from core.store import ArtifactStore, MissingArtifact
from tests.load.mutators import GOLDEN

SHIPPED = Path(__file__).parents[3] / "artifacts" / "models" / "bottleneck"
COMMAND = "python -m pipelines.train bottleneck --finetune --preset visual --name bottleneck_visual"


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    """The small model as `bottleneck`, and another one as `bottleneck_visual`."""
    shutil.copytree(GOLDEN / "models", tmp_path / "models")
    store = ArtifactStore(tmp_path)
    files = {f"bottleneck_visual/{path.name}": path.read_bytes() for path in SHIPPED.iterdir()}
    store.commit("models/bottleneck_visual", files, facts={})
    return store


def test_files_of_either_model_are_decoded_with_the_model_that_wrote_them(
    store: ArtifactStore, image: Image
) -> None:
    origins = {"bottleneck": "BNK", "bottleneck_visual": "BNK visual"}
    for name, origin in origins.items():
        point = get_codec(name).at(50, store)
        data = point.encode(image)
        found = recognise(data, store)
        assert found.origin == origin
        np.testing.assert_array_equal(found.image, point.decode(data))
        other = next(one for one in origins if one != name)
        with pytest.raises(UnknownModel):
            get_codec(other).at(50, store).decode(data)


def test_it_is_one_codec_of_its_own_and_not_a_persons_model(store: ArtifactStore) -> None:
    codec = codecs(store)["bottleneck_visual"]
    assert (codec.label, codec.kind, codec.suffix) == ("BNK visual", "learned", ".bnk")
    assert [point.codec for point in codec.sweep(store)] == ["bottleneck_visual"] * 12
    assert "bottleneck_visual" not in unready_codecs(store)
    assert model_digest(store, "bottleneck_visual") != model_digest(store, "bottleneck")


def test_without_its_model_it_is_named_with_the_command_that_makes_it(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    assert unready_codecs(store)["bottleneck_visual"].command == COMMAND
    with pytest.raises(MissingArtifact, match="bottleneck_visual"):
        get_codec("bottleneck_visual").at(50, store)


def test_its_encoder_offers_no_search_which_would_lower_the_squared_error_alone(
    store: ArtifactStore,
) -> None:
    assert hasattr(get_codec("bottleneck").at(50, store), "effort")
    assert not hasattr(get_codec("bottleneck_visual").at(50, store), "effort")
