"""Curves that others measured: read from their files, checked, stored, and quoted beside ours."""
