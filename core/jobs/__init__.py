"""Work for a visitor in processes of its own, which can be bounded, queued and killed."""
