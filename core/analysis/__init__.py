"""From rows of results to what is said of them: curves, BD-rates, findings, exports."""
