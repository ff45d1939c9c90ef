"""Tells whether a codec would be measured in the same way as before."""

import ast
import hashlib
import importlib.util
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from core.codecs import Codec, Reference
from core.codecs.base import OperatingPoint
from core.dataset.image_source import Catalogue
from core.metrics import metrics
from core.store import ArtifactStore
from core.store.provenance import provenance

#: Modules whose code finds, reads and keeps things; what it does not decide is what is measured.
_INDECISIVE = ("core.dataset.splits", "core.intake", "core.registry", "core.store")


def fingerprint(
    store: ArtifactStore,
    codec: Codec,
    points: Iterable[OperatingPoint | Reference],
    catalogue: Catalogue,
) -> str:
    """Digest of all that the results of a codec on some images depend on.

    It covers the images, the sweep, the source of the codec and of the metrics with all that
    they import of this program, the versions of the libraries, and the files of the models.
    """
    program = provenance()
    module = codec.learned.name if codec.learned else codec.name
    roots = [f"core.codecs.{module}", *(f"core.metrics.{name}" for name in metrics())]
    content = {
        "images": [catalogue.sha256, catalogue.ids, catalogue.subset],
        "sweep": [[point.setting, point.dial] for point in points],
        "sources": {name: _digest(text) for name, text in decisive_sources(roots).items()},
        "libraries": [program["python"], program["versions"]],
        "models": _model_files(store, codec.name),
    }
    return _digest(json.dumps(content, sort_keys=True).encode())


def decisive_sources(roots: Iterable[str]) -> dict[str, bytes]:
    """Source by module of the roots and of everything that they import of what is measured.

    Args:
        roots: Names of modules.
    """
    found: dict[str, bytes] = {}
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name not in found and (path := _path(name)):
            found[name] = path.read_bytes()
            waiting += [used for used in _imported(found[name]) if _is_decisive(used)]
    return found


def _is_decisive(name: str) -> bool:
    return name.startswith("core.") and not name.startswith(_INDECISIVE)


def _path(name: str) -> Path | None:
    """File of a module; None for a name that is no module, such as a function inside one."""
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        return None
    return Path(spec.origin) if spec and spec.origin else None


def _imported(source: bytes) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _model_files(store: ArtifactStore, codec: str) -> dict[str, str]:
    manifests = [store.manifest(key) for key in store.keys(f"models/{codec}")]
    return {name: entry.sha256 for found in manifests for name, entry in found.files.items()}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
