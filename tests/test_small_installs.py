"""The small requirements files, each installed alone in an environment of its own."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow

Install = Callable[[str], Path]

OPEN_EVERY_PAGE = """
import sys
from pathlib import Path
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

views = sorted(path.parent.name for path in Path("dashboard/views").glob("*/page.py"))
assert len(views) >= 9
for view in views:
    app = AppTest.from_file("dashboard/navigation.py", default_timeout=300)
    app._page_hash = calc_hash(view)
    app.run()
    assert not app.exception, (view, [error.value for error in app.exception])
    assert app.title or app.header or app.markdown, view
"""


@pytest.fixture(scope="module")
def install() -> Iterator[Install]:
    """Gives the Python of a fresh environment that has one requirements file.

    The environments are on the disk: they are large, and those of the tests may be in memory.
    """
    with tempfile.TemporaryDirectory() as folder:
        yield lambda requirements: _installed(requirements, Path(folder) / Path(requirements).stem)


def _installed(requirements: str, folder: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    binaries = "Scripts" if sys.platform == "win32" else "bin"
    python = folder / binaries / "python"
    # Most modules are never imported, so none is compiled beforehand.
    pip = [str(python), "-m", "pip", "install", "-q", "--no-compile"]
    pip += ["-r", str(ROOT / requirements)]
    subprocess.run(pip, check=True, timeout=900)
    return python


def _run(python: Path, *command: str) -> str:
    done = subprocess.run(
        [str(python), *command],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _lacks(python: Path, *modules: str) -> bool:
    program = "import sys, importlib.util as u; print([m for m in sys.argv[1:] if u.find_spec(m)])"
    return _run(python, "-c", program, *modules).strip() == "[]"


def test_compressing_needs_its_own_requirements_alone(install: Install, tmp_path: Path) -> None:
    python = install("requirements-codec.txt")
    assert _lacks(python, "tensorflow", "keras", "streamlit", "pandas", "skimage")
    down, right = np.mgrid[:120, :180]
    image = np.stack([2 * down, right, 255 - down - right // 2], axis=-1).astype(np.uint8)
    PIL.Image.fromarray(image).save(tmp_path / "photo.png")
    for codec in ("bottleneck", "jpeg", "avif", "jpeg_xl", "jpeg2000"):
        made, back = str(tmp_path / f"{codec}.out"), str(tmp_path / f"{codec}.png")
        photo = str(tmp_path / "photo.png")
        _run(python, "-m", "pipelines.compress", photo, made, "--codec", codec)
        _run(python, "-m", "pipelines.decompress", made, back)
        decoded = np.asarray(PIL.Image.open(back)).astype(int)
        assert np.abs(decoded - image).mean() < 6, codec


def test_every_page_opens_without_what_trains(install: Install) -> None:
    python = install("requirements-dashboard.txt")
    assert _lacks(python, "tensorflow", "keras", "onnx", "jax", "torch")
    _run(python, "-c", OPEN_EVERY_PAGE)
