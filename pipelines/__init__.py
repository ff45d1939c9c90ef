"""The steps that make what the dashboard shows, each run as `python -m pipelines.<step>`."""

import sys

from pipelines.missing_requirement import explain_missing_libraries

if sys.argv[:1] == ["-m"]:  # Python is looking for the step, and has imported nothing of it yet
    explain_missing_libraries()
