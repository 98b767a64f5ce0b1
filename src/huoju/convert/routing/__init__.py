"""Routing 线索分配: which sales person receives an MQL, and why."""
