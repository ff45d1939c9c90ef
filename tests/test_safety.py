"""Nothing that a visitor sends is ever run, unpickled or shown as markup."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = [
    path for layer in ("core", "pipelines", "dashboard") for path in (ROOT / layer).rglob("*.py")
]
BANNED_MODULES = {"pickle", "joblib", "dill", "cloudpickle", "shelve", "marshal"}
BANNED_CALLS = {"eval", "exec", "__import__"}
BANNED_ARGUMENTS = {
    "allow_pickle": True,
    "unsafe_allow_html": True,
    "safe_mode": False,
    "shell": True,
}


def _faults(path: Path) -> list[str]:
    faults = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = {alias.name.partition(".")[0] for alias in node.names}
            names |= {(getattr(node, "module", None) or "").partition(".")[0]}
            faults += [f"line {node.lineno} imports {name}" for name in names & BANNED_MODULES]
        elif isinstance(node, ast.Call):
            faults += _call_faults(node)
    return faults


def _call_faults(node: ast.Call) -> list[str]:
    faults = []
    if isinstance(node.func, ast.Name) and node.func.id in BANNED_CALLS:
        faults.append(f"line {node.lineno} calls {node.func.id}")
    faults += [
        f"line {node.lineno} passes {keyword.arg}={keyword.value.value}"
        for keyword in node.keywords
        if keyword.arg in BANNED_ARGUMENTS
        and isinstance(keyword.value, ast.Constant)
        and keyword.value.value is BANNED_ARGUMENTS[keyword.arg]
    ]
    return faults


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_pickle_no_eval_and_no_unsafe_markup(path: Path) -> None:
    assert _faults(path) == []


def test_the_search_itself_finds_what_it_looks_for(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("import pickle\nfrom joblib import load\neval('1')\nf(allow_pickle=True)\n")
    assert len(_faults(bad)) == 4
