"""The command-line frame that all pipeline steps share."""

import os
import pkgutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import pipelines
from core.errors import CodecError
from pipelines.base import EXIT_BAD_INPUT, EXIT_INTERRUPTED, UserError, option, run_step

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class _Config:
    codecs: tuple[str, ...] = option((), help="What to do.", positional=True)
    images: Path | None = option(None, help="A folder, 100 % of it.")
    jobs: int = option(2, help="Processes.")
    dry: bool = option(False, help="Do nothing.")

    def __post_init__(self) -> None:
        if self.jobs < 1:
            raise ValueError(f"jobs must be at least 1; received {self.jobs}.")


def _run(argv: list[str], step=lambda config: None) -> tuple[int, list[_Config]]:
    seen: list[_Config] = []

    def record(config: _Config) -> None:
        """Remembers the config."""
        seen.append(config)
        step(config)

    return run_step(_Config, record, name="example", argv=argv), seen


def _raise(error: BaseException):
    def step(config: _Config) -> None:
        raise error

    return step


def test_flags_become_a_config_of_the_declared_types() -> None:
    status, seen = _run(["a", "b", "--images", "x", "--jobs", "3", "--dry"])
    assert status == 0
    assert seen == [_Config(("a", "b"), Path("x"), 3, True)]


def test_without_flags_the_defaults_hold() -> None:
    _, seen = _run([])
    assert seen == [_Config((), None, 2, False)]


@pytest.mark.parametrize(
    "error",
    [UserError("no such\nthing"), OSError(28, "No space left"), CodecError("no such thing")],
)
def test_what_a_person_can_mend_is_one_line_and_status_2(error, capsys) -> None:
    status, _ = _run([], _raise(error))
    assert status == EXIT_BAD_INPUT
    assert capsys.readouterr().err.count("\n") == 1


def test_a_value_that_the_config_refuses_is_one_line_and_status_2(capsys) -> None:
    status, seen = _run(["--jobs", "0"])
    assert (status, seen) == (EXIT_BAD_INPUT, [])
    assert capsys.readouterr().err == "example: jobs must be at least 1; received 0.\n"


def test_a_fault_in_the_work_itself_is_not_hidden() -> None:
    with pytest.raises(ValueError, match="a bug"):
        _run([], _raise(ValueError("a bug")))


def test_an_unknown_flag_is_one_line_and_status_2(capsys) -> None:
    status, seen = _run(["--colour"])
    assert (status, seen) == (EXIT_BAD_INPUT, [])
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("example: unrecognized arguments: --colour (")


def test_interrupting_says_so_and_ends_with_status_130(capsys) -> None:
    status, _ = _run([], _raise(KeyboardInterrupt()))
    assert status == EXIT_INTERRUPTED
    assert "interrupted" in capsys.readouterr().err


def test_help_shows_every_flag(capsys) -> None:
    with pytest.raises(SystemExit):
        _run(["--help"])
    shown = capsys.readouterr().out
    assert all(flag in shown for flag in ("--images", "--jobs", "--dry", "codecs", "100 %"))


@dataclass(frozen=True)
class _Numbers:
    share: float = option(0.5, help="A number.")
    shares: tuple[float, ...] = option((), help="Numbers.")
    other: float | None = option(None, help="A number or none.")


@pytest.mark.parametrize("flag", ["share", "shares", "other"])
@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999"])
def test_a_number_that_is_not_finite_is_one_line_and_status_2(flag, value, capsys) -> None:
    def step(config: _Numbers) -> None:
        """Does nothing."""

    assert run_step(_Numbers, step, name="example", argv=[f"--{flag}={value}"]) == EXIT_BAD_INPUT
    assert capsys.readouterr().err == (
        f"example: --{flag} must be a finite number; received {float(value)}.\n"
    )


def test_flags_may_stand_between_the_values() -> None:
    status, seen = _run(["a", "--jobs", "3", "b"])
    assert (status, seen[0].codecs, seen[0].jobs) == (0, ("a", "b"), 3)


#: What neither macOS nor Windows has.
_START_ELSEWHERE = """
import os, runpy, sys
del os.sched_getaffinity, os.sched_setaffinity
for step in sys.argv[1:]:
    sys.argv = [step, "--help"]
    try:
        runpy.run_module(f"pipelines.{step}", run_name="__main__")
    except SystemExit as end:
        assert not end.code, step
"""


@pytest.mark.slow
def test_every_step_starts_where_the_system_counts_no_cores_for_a_process() -> None:
    steps = sorted(found.name for found in pkgutil.iter_modules(pipelines.__path__))
    steps = [step for step in steps if "run_step" in _source(step)]
    assert {"compress", "evaluate", "prepare", "report", "search", "train"} <= {*steps}
    finished = subprocess.run(
        [sys.executable, "-c", _START_ELSEWHERE, *steps], capture_output=True, text=True, cwd=ROOT
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.count("usage:") == len(steps)


def _source(step: str) -> str:
    """Text of a module, or of all modules of a package."""
    path = ROOT / "pipelines" / step
    files = path.glob("*.py") if path.is_dir() else [path.with_suffix(".py")]
    return "".join(file.read_text(encoding="utf-8") for file in files) if step != "base" else ""


def test_a_library_of_a_larger_installation_is_named_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "pandas.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'pandas'\", name='pandas')"
    )
    run = subprocess.run(
        [sys.executable, "-m", "pipelines.report", "--help"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    (line,) = run.stderr.splitlines()
    assert line.startswith("This step needs pandas, which is not installed here.")
    assert "pip install -r requirements.txt" in line
