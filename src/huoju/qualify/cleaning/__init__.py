"""Cleaning 清洗: named steps with typed verdicts."""
