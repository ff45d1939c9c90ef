"""Runs or lists the pipeline steps: `python -m pipelines compress ...`, `python -m pipelines`."""

import ast
import pkgutil
import runpy
import sys
from pathlib import Path

import pipelines
from pipelines.base import EXIT_BAD_INPUT


def steps() -> dict[str, str]:
    """First line of each step's documentation by the step's name, without importing any."""
    folder = Path(pipelines.__path__[0])
    found = {}
    for entry in sorted(pkgutil.iter_modules([str(folder)]), key=lambda entry: entry.name):
        file = folder / entry.name / "step.py" if entry.ispkg else folder / f"{entry.name}.py"
        tree = ast.parse(file.read_text(encoding="utf-8"))
        if any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in tree.body):
            found[entry.name] = (ast.get_docstring(tree) or "").partition("\n")[0]
    found.pop("__main__")
    return found


def main() -> int:
    """Runs the step that is named first, or prints every step with one line about it."""
    found = steps()
    name, *rest = sys.argv[1:] or ["--help"]
    if name in found:
        sys.argv[1:] = rest
        runpy.run_module(f"pipelines.{name}", run_name="__main__", alter_sys=True)
        return 0
    if name not in ("-h", "--help"):
        print(f"There is no step {name!r}; there are {', '.join(found)}.", file=sys.stderr)
        return EXIT_BAD_INPUT
    print("Steps, each with --help:")
    for step, summary in found.items():
        print(f"  python -m pipelines {step:<12} {summary}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
