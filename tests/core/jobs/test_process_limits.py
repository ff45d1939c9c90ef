"""Limits hold beside those that a shell has set, which a user may not raise."""

import sys

import pytest

from tests.core.jobs.limited_user import COUNT, SECONDS, printed_by_a_user


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all limits")
def test_a_user_with_a_limit_of_the_shell_gets_the_lower_of_the_two() -> None:
    program = """
for seconds in (5, 10**6):
    process_limits.limit_processor_time(seconds)
    print(*resource.getrlimit(resource.RLIMIT_CPU))
for count in (10**8, 10**12, None):
    process_limits.limit_memory(count)
    print(*resource.getrlimit(resource.RLIMIT_AS))
"""
    times, memory = [], []
    for number, line in enumerate(printed_by_a_user(program)):
        (times if number < 2 else memory).append([int(limit) for limit in line.split()])
    assert 5 < times[0][0] < 30
    assert 10**8 < memory[0][0] < 10**9
    assert [hard for _, hard in times + memory] == [SECONDS] * 2 + [COUNT] * 3
    assert times[1][0] == SECONDS
    assert [soft for soft, _ in memory[1:]] == [COUNT] * 2
