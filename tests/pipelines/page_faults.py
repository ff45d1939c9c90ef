"""How often a process requests memory that it has just freed."""

_ARRAYS, _BYTES, _ROUNDS = 8, 8 << 20, 5
#: Pages of one round's arrays; a process that keeps its memory requests them at most once more.
PAGES = _ARRAYS * _BYTES // 4096


def page_faults() -> int:
    """Page faults of this process while it frees and fills the same arrays again and again."""
    import resource

    def fill() -> None:
        arrays = [bytearray(b"x") * _BYTES for _ in range(_ARRAYS)]
        arrays.clear()

    fill()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(_ROUNDS):
        fill()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
