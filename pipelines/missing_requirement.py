"""One line in place of a traceback where a step needs a library of a larger installation."""

import sys
from types import TracebackType

_OURS = {"core", "dashboard", "pipelines", "tests"}


def explain_missing_libraries() -> None:
    """Lets this process, a step on its own, end with a line that says what to install."""
    sys.excepthook = _explain


def _explain(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    library = (getattr(error, "name", None) or "").partition(".")[0]
    if not isinstance(error, ModuleNotFoundError) or library in {"", *_OURS}:
        sys.__excepthook__(kind, error, trace)
        return
    print(
        f"This step needs {library}, which is not installed here. Compressing and decompressing "
        "need requirements-codec.txt alone, training needs requirements.txt, all else "
        "requirements-dashboard.txt: pip install -r requirements.txt.",
        file=sys.stderr,
    )
