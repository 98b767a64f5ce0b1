"""Acquire 获取: people come in."""
