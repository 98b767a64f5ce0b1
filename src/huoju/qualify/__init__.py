"""Qualify 识别: recognise the ripe ones."""
