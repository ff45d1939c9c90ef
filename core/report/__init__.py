"""The report for reviewers: what the artifacts say, as one page and as figures and tables.

`content.build_report` reads the artifacts into a `Report`; `page.to_html` writes it as one file
that opens offline, `files.to_files` as figures and tables for a paper. The command and the
dashboard give the same bytes.
"""
