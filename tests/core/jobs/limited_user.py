"""Programs of a user who has limits of a shell, which only root may raise."""

import subprocess
import sys
from pathlib import Path

#: Hard limits on processor time and address space.
SECONDS, COUNT = 3600, 3_000_000_000

_START = f"""
import os, resource, subprocess
from core.codecs.external import processes
from core.jobs import process_limits
resource.setrlimit(resource.RLIMIT_CPU, ({SECONDS}, {SECONDS}))
resource.setrlimit(resource.RLIMIT_AS, ({COUNT}, {COUNT}))
if os.getuid() == 0:
    os.setuid(65534)
"""


def printed_by_a_user(program: str) -> list[str]:
    """Lines that a program in Python prints."""
    done = subprocess.run(
        [sys.executable, "-c", _START + program],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
