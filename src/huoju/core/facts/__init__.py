"""The fact log and its readers: the spine."""
