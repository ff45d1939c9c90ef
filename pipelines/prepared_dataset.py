"""Says which prepared data sets there are when a step is asked for another one."""

from core.dataset.splits import dataset_key, prepared_datasets
from core.store import ArtifactStore
from core.store.key import command_for
from pipelines.base import UserError


def check_prepared(store: ArtifactStore, name: str, *, advice: str = "") -> None:
    """Refuses a data set that was not prepared.

    Args:
        store: Where the data sets are.
        name: The data set.
        advice: What a person may do instead of preparing it; a sentence.

    Raises:
        UserError: There is no such data set.
    """
    prepared = prepared_datasets(store)
    if name not in prepared:
        known = f"those prepared are {', '.join(prepared)}" if prepared else "none is prepared"
        command = command_for(dataset_key(name))
        message = f"There is no data set {name}; {known}. Prepare it with: {command}. {advice}"
        raise UserError(message.rstrip())
