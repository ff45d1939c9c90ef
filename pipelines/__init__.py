"""The steps that make what the dashboard shows, each run as `python -m pipelines.<step>`."""
