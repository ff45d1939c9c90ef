"""Results of Compare's search by size on the built-in photographs, which speed up a first visit.

The ends are those that the search itself found at the bytes of the first codec's first position.
They save encodes and change nothing else: where an encoder gives another size today, the search is
made.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict

from core.codecs import get_codec
from core.evaluation.comparison import CodecConfig, operating_point
from core.evaluation.dial_search import SearchEnd, match_bytes
from core.images import Image
from core.store import ArtifactError, ArtifactStore

KEY = "statistics/search_starts"
FILE = "search_starts.json"
#: Codecs that Compare shows first, where their models are there; the first of them gives the size
#: that the others are brought to.
COMPARED_FIRST = ("jpeg", "webp", "avif_444", "bottleneck", "bottleneck_visual", "ae20")

#: Positions at first of dials that stand elsewhere in Compare than at their codec's own default. At
#: JPEG's 75 all other codecs look alike, and one that is trained for the eye needs fewer bytes than
#: that at its best on some photographs.
FIRST_POSITIONS = {"jpeg": 60.0}

#: End of the search by codec, by title of the photograph.
Starts = dict[str, dict[str, SearchEnd]]


def measure_starts(photographs: Iterable[tuple[str, Image]], store: ArtifactStore) -> Starts:
    """End of the search of each codec that Compare shows first, at the bytes of the first one.

    Args:
        photographs: Title and pixels of each.
        store: Where learned codecs find their weights; those without weights are left out.
    """
    reference, *others = COMPARED_FIRST
    point = operating_point(CodecConfig(reference, default_position(reference)), store)
    return {
        title: _ends(others, image, len(point.encode(image)), store) for title, image in photographs
    }


def commit_starts(starts: Starts, store: ArtifactStore) -> None:
    """Stores the ends."""
    text = json.dumps(starts, indent=1, default=asdict) + "\n"
    store.commit(KEY, {FILE: text.encode()}, facts={"photographs": len(starts)})


def load_starts(store: ArtifactStore) -> Mapping[str, Mapping[str, SearchEnd]]:
    """Ends by codec by title; empty where none were measured.

    Raises:
        ArtifactError: They are not as they were written.
    """
    if not store.exists(KEY):
        return {}
    return store.open(KEY).parsed(FILE, _parsed, reason="is no table of ends of searches")


def _parsed(text: bytes) -> Starts:
    return {
        title: {name: SearchEnd(**end) for name, end in found.items()}
        for title, found in json.loads(text).items()
    }


def default_position(name: str) -> float | None:
    """Position at which a codec's dial stands at first in Compare; None without a dial."""
    dial = get_codec(name).dial
    return FIRST_POSITIONS.get(name, dial.default) if dial else None


def _ends(
    names: Iterable[str], image: Image, target: int, store: ArtifactStore
) -> dict[str, SearchEnd]:
    found: dict[str, SearchEnd] = {}
    for name in names:
        try:
            match = match_bytes(get_codec(name), image, target, store=store)
        except ArtifactError:
            continue
        if match.reachable and match.point.dial is not None:
            found[name] = SearchEnd(match.point.dial, target, len(match.data))
    return found
