"""What a search may choose for each model: one file per model that can be searched.

Nothing here imports Keras, so a search can be planned and read without it.
"""

from core.registry import discover
from core.search.spaces.base import SearchSpace

__all__ = ["SearchSpace", "get_space", "spaces"]


def spaces() -> dict[str, SearchSpace]:
    """Search space by the name of the model, in alphabetical order."""
    found = discover(__name__, marker="SPACE").modules
    return {name: module.SPACE for name, module in found.items()}


def get_space(model: str) -> SearchSpace:
    """Search space of one model.

    Raises:
        ValueError: The model has none; the message lists those that have one.
    """
    found = spaces()
    if model not in found:
        raise ValueError(
            f"There is no search space of a model {model!r}; there are {', '.join(found)}."
        )
    return found[model]
