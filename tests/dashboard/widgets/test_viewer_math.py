import os
import shutil
import subprocess
from pathlib import Path

import pytest

TESTS = Path(__file__).with_name("viewer_math.test.mjs")


def test_the_mathematics_of_the_viewer_holds_under_node() -> None:
    node = shutil.which("node")
    if node is None and os.environ.get("CI") != "true":
        pytest.skip("needs node, a JavaScript runtime")
    assert node is not None, "CI runs the viewer's mathematics under node, which is not installed"
    done = subprocess.run([node, "--test", str(TESTS)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# pass 0" not in done.stdout
