"""From symbols to bytes and back, exactly: integer tables, a range coder and the container."""
