"""Lists the pipeline steps: `python -m pipelines`."""

import ast
import pkgutil
from pathlib import Path

import pipelines


def steps() -> dict[str, str]:
    """First line of each step's documentation by the step's name, without importing any."""
    folder = Path(pipelines.__path__[0])
    names = {entry.name for entry in pkgutil.iter_modules([str(folder)])} - {"__main__"}
    found = {}
    for name in sorted(names):
        tree = ast.parse((folder / f"{name}.py").read_text(encoding="utf-8"))
        if any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in tree.body):
            found[name] = (ast.get_docstring(tree) or "").partition("\n")[0]
    return found


def main() -> int:
    """Prints every step with one line about it."""
    print("Steps, each with --help:")
    for name, summary in steps().items():
        print(f"  python -m pipelines.{name:<12} {summary}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
