"""A Skein peer, written from docs/spec and its vectors alone."""
