"""The dashboard: pages, charts and widgets. It reads artifacts; it writes and trains nothing."""
