"""Measure 度量: data that answers."""
