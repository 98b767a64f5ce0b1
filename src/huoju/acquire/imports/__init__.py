"""Imports: a file is mapped, previewed, run, and can be rolled back."""
