"""Analysis of results: curves, BD-rates, findings, import and export."""
