"""The report for reviewers: the artifacts' contents as one HTML page and as figures and tables.

`content.build_report` reads the artifacts into a `Report`; `page.to_html` writes it as one file
that opens offline, `files.to_files` as figures and tables for a paper. The command and the
dashboard give the same bytes.
"""
