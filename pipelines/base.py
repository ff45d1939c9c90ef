"""The command line that every pipeline step shares: flags from a config, one line on bad input."""

import argparse
import dataclasses
import io
import math
import re
import sys
import typing
from collections.abc import Callable, Sequence
from types import NoneType
from typing import Any, NoReturn, TextIO, TypeVar

from core.errors import CodecError, Refusal
from core.stop_request import Stopped, stopping_on_sigterm
from core.store import ArtifactError

EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")

Config = TypeVar("Config")


class UserError(Exception):
    """An error that the user can fix, as a one-line message."""


def option(
    default: Any = dataclasses.MISSING,
    *,
    help: str | Callable[[], str],
    positional: bool = False,
    **more: Any,
) -> Any:
    """Field of a config dataclass that is also a command-line flag.

    Args:
        default: Value without the flag; a field without one is required.
        help: What `--help` says, or a function that gives it.
        positional: Whether the value is given without a flag's name. A tuple takes any number.
        more: Further arguments for `argparse`, such as `choices` or `metavar`.
    """
    metadata = {"help": help, "positional": positional, "argparse": more}
    return dataclasses.field(default=default, metadata=metadata)


def check_name(flag: str, name: str | None) -> None:
    """Checks the name of a model, a study or a data set.

    Raises:
        ValueError: The name is malformed; None is allowed.
    """
    if name is not None and not _NAME.fullmatch(name):
        raise ValueError(
            f"{flag} takes 1 to 64 small letters, digits, '-' and '_', a letter or digit first; "
            f"received {name!r}."
        )


def run_step(
    config_type: type[Config],
    step: Callable[[Config], None],
    *,
    name: str,
    argv: Sequence[str] | None = None,
    kept: str = "what was finished is kept.",
) -> int:
    """Exit status of one pipeline step run with the flags in `argv`.

    Args:
        config_type: Frozen dataclass made of `option` fields; its `__post_init__` raises
            ValueError for values that do not fit.
        step: The work itself. It raises UserError or ArtifactError for bad input.
        name: Name of the step in `pipelines`.
        argv: Arguments; those of the process when None.
        kept: Message after a signal stopped the step.

    Returns:
        0 when the step finished, 2 on bad input (one line on standard error), 130 when it
        was interrupted by Ctrl-C, 143 when SIGTERM stopped it.
    """
    _tolerate_any_name(sys.stdout)
    try:
        parser = _parser(config_type, name=name, description=step.__doc__ or "")
        config = _parsed(config_type, parser, argv)
    except (ValueError, OSError) as error:
        return _complain(name, _message(error))
    try:
        with stopping_on_sigterm():
            step(config)
    except (UserError, Refusal, CodecError, ArtifactError, OSError) as error:
        return _complain(name, _message(error))
    except KeyboardInterrupt:
        print(f"{name}: interrupted; {kept}", file=sys.stderr)
        return EXIT_INTERRUPTED
    except Stopped as stopped:
        print(f"{name}: {stopped}; {kept}", file=sys.stderr)
        return 128 + stopped.signal
    return 0


def _message(error: Exception) -> str:
    """What an error says, without the number that the system gives it."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _tolerate_any_name(stream: TextIO | None) -> None:
    """Escapes what a stream cannot encode, such as parts of a file's name, as stderr does."""
    if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
        stream.reconfigure(errors="backslashreplace")


def _parsed(
    config_type: type[Config], parser: argparse.ArgumentParser, argv: Sequence[str] | None
) -> Config:
    """Configuration from the arguments.

    Raises:
        ValueError: A value does not fit.
    """
    flags = {
        flag: tuple(value) if isinstance(value, list) else value
        for flag, value in vars(parser.parse_intermixed_args(argv)).items()
    }
    _check_finite(flags)
    return config_type(**flags)


def _check_finite(flags: dict[str, Any]) -> None:
    """Refuses infinite numbers and NaN.

    Raises:
        ValueError: A number is infinite or NaN.
    """
    for flag, value in flags.items():
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, float) and not math.isfinite(number):
                name = flag.replace("_", "-")
                raise ValueError(f"--{name} must be a finite number; received {number}.")


def _complain(name: str, message: str) -> int:
    print(f"{name}: {' '.join(message.split())}", file=sys.stderr)
    return EXIT_BAD_INPUT


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Raises what argparse would print below the whole usage."""
        raise ValueError(f"{message} (--help lists the options)")


def _parser(config_type: type[Any], *, name: str, description: str) -> argparse.ArgumentParser:
    parser = _Parser(
        prog=f"python -m pipelines.{name}", description=description, allow_abbrev=False
    )
    hints = typing.get_type_hints(config_type)
    for field in dataclasses.fields(config_type):
        _add_argument(parser, field, hints[field.name])
    return parser


def _add_argument(
    parser: argparse.ArgumentParser, field: "dataclasses.Field[Any]", hint: Any
) -> None:
    required = field.default is dataclasses.MISSING
    arguments: dict[str, Any] = {"help": _help(field), **field.metadata["argparse"]}
    if hint is bool:
        arguments["action"] = "store_true"
    else:
        arguments["type"] = _value_type(hint)
    is_tuple = typing.get_origin(hint) is tuple
    if not required:
        arguments["default"] = field.default
    if field.metadata["positional"]:
        if is_tuple or not required:
            arguments["nargs"] = "*" if is_tuple else "?"
        parser.add_argument(field.name, **arguments)
        return
    if is_tuple:
        arguments["nargs"] = "+"
    parser.add_argument(f"--{field.name.replace('_', '-')}", required=required, **arguments)


def _help(field: "dataclasses.Field[Any]") -> str:
    said = field.metadata["help"]
    text = str(said() if callable(said) else said).replace("%", "%%")
    shown = field.default not in (dataclasses.MISSING, None, False, ())
    return f"{text} (default: %(default)s)" if shown else text


def _value_type(hint: Any) -> Callable[[str], Any]:
    """Type converter of one argument, from hints such as `int` or `tuple[str, ...]`."""
    inner = [part for part in typing.get_args(hint) if part not in (NoneType, Ellipsis)]
    converter: Callable[[str], Any] = inner[0] if inner else hint
    return converter
