"""What the commands of this folder found, as they leave it in the store."""

import json
from collections.abc import Mapping

from core.store import ArtifactStore


def commit_outcomes(name: str, outcomes: Mapping[str, object]) -> str:
    """Text of all that was found, as it was written to `artifacts/reliability/`.

    Args:
        name: Name of the artifact.
        outcomes: What was found, by what was tried; what was not tried stays as it was found
            before.
    """
    store, key, file = ArtifactStore.default(), f"reliability/{name}", f"{name}.json"
    known = json.loads(store.read(key, file)) if store.exists(key) else {}
    text = json.dumps(known | dict(outcomes), indent=2, sort_keys=True) + "\n"
    store.commit(key, {file: text.encode()}, facts={})
    return text
