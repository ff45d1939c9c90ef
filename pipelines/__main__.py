"""Lists the pipeline steps: `python -m pipelines`."""

import ast
import pkgutil
from pathlib import Path

import pipelines


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
    """Prints every step with one line about it."""
    print("Steps, each with --help:")
    for name, summary in steps().items():
        print(f"  python -m pipelines.{name:<12} {summary}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
