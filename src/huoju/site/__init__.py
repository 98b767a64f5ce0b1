"""The composition root. Nothing imports it."""
