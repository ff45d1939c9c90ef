"""Limits on the programs of others hold beside those that a shell has set."""

import sys

import pytest

from tests.core.jobs.limited_user import COUNT, printed_by_a_user


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a running process")
def test_a_command_of_a_user_with_a_limit_of_the_shell_gets_the_lower_of_the_two() -> None:
    program = f"""
with subprocess.Popen(["sleep", "60"]) as sleeping:
    try:
        for count in (2 * {COUNT}, {COUNT} // 2):
            processes.limit_memory(sleeping.pid, count)
            print(*resource.prlimit(sleeping.pid, resource.RLIMIT_AS))
    finally:
        sleeping.kill()
"""
    assert printed_by_a_user(program) == [f"{COUNT} {COUNT}", f"{COUNT // 2} {COUNT // 2}"]
