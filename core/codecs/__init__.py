"""The codecs: one module per codec, found by discovery, and the user's own trained models."""

import json
from difflib import get_close_matches
from functools import cache, lru_cache
from pathlib import Path
from types import ModuleType

from core.codecs.base import At, Codec, Dial, OperatingPoint, Reference, References, Sweep
from core.registry import Discovery, discover
from core.store import ArtifactError, ArtifactStore, ManifestState

__all__ = [
    "At",
    "Codec",
    "Dial",
    "OperatingPoint",
    "Reference",
    "References",
    "Sweep",
    "codecs",
    "find_codec",
    "get_codec",
    "is_external",
    "shared_model",
    "unavailable",
]

_MODELS = "models/"


def codecs(store: ArtifactStore | None = None) -> dict[str, Codec]:
    """All codecs that can run here, by name: those of this program, then the user's own models.

    >>> sorted(codecs())[:4]
    ['ae20', 'ae20_rd', 'ae40', 'ae40_rd']

    Args:
        store: Store with the user's own models; the default store when None.
    """
    return dict(_codecs()) | own_models(store or ArtifactStore.default())


def get_codec(name: str, store: ArtifactStore | None = None) -> Codec:
    """Codec of that name.

    Raises:
        ValueError: There is none, or it lacks a dependency.

    Example:
        >>> import numpy as np
        >>> webp = get_codec("webp").at(75)
        >>> webp.codec, webp.setting, webp.dial
        ('webp', 'quality=75', 75.0)
        >>> webp.decode(webp.encode(np.zeros((97, 131, 3), np.uint8))).shape
        (97, 131, 3)
    """
    found = find_codec(name, store)
    if found is not None:
        return found
    if name in unavailable():
        raise ValueError(f"Codec {name!r} {unavailable()[name]}.")
    known = codecs(store)
    close = get_close_matches(name, known, 1)
    hint = f" Did you mean {close[0]}?" if close else ""
    raise ValueError(f"Codec must be one of {', '.join(known)}; received {name!r}.{hint}")


def find_codec(name: str, store: ArtifactStore | None = None) -> Codec | None:
    """Codec of that name, or None; of one of this program the store is not read."""
    return _codecs().get(name) or own_models(store or ArtifactStore.default()).get(name)


def own_models(store: ArtifactStore) -> dict[str, Codec]:
    """Codec by name of each trained model that is not the shipped one of its architecture.

    A model whose card cannot be read is left out; the page of the models names it.
    """
    found = {}
    for key in store.keys(_MODELS):
        name = key.removeprefix(_MODELS)
        if name in _codecs():
            continue
        try:
            module = _codecs().get(_architecture(store.root, key, store.state(key)))
        except (ArtifactError, ValueError, AttributeError):
            continue
        if module is not None and module.learned is not None:
            found[name] = module.learned.codec(name)
    return found


def unavailable() -> dict[str, str]:
    """Reason by name for each module that cannot be used, such as a library that is missing."""
    return dict(_discovery().unavailable)


def shared_model(codec: str) -> str | None:
    """Name of the model of another codec that a codec uses; None for all others."""
    found = _codecs().get(codec)
    return found.shared_model if found else None


def is_external(codec: str) -> bool:
    """Whether processes other than the one that calls a codec do its work."""
    module = _discovery().modules.get(codec)
    found = vars(module).values() if module else ()
    return any(getattr(value, "is_external", False) for value in found)


@lru_cache(maxsize=256)
def _architecture(root: Path, key: str, _: ManifestState) -> str:
    """Name of the architecture of a model, from its card."""
    name = key.removeprefix(_MODELS)
    card = json.loads(ArtifactStore(root).read(key, f"{name}/card.json"))
    return str(card.get("architecture"))


@cache
def _codecs() -> dict[str, Codec]:
    return {name: _codec(name, module) for name, module in _discovery().modules.items()}


@cache
def _discovery() -> Discovery:
    return discover("core.codecs", ("LABEL", "KIND", "sweep"), ("CODEC",))


def _codec(name: str, module: ModuleType) -> Codec:
    if hasattr(module, "CODEC"):
        codec: Codec = module.CODEC.codec()
        return codec
    return Codec(
        name=name,
        label=module.LABEL,
        kind=module.KIND,
        dial=getattr(module, "DIAL", None),
        sweep=module.sweep,
        at=getattr(module, "at", None),
        suffix=getattr(module, "SUFFIX", ".bin"),
        references=getattr(module, "references", None),
        version=getattr(module, "version", None),
        shared_model=getattr(module, "MODEL", None),
    )
