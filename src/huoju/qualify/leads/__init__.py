"""Leads 线索 and their lifecycle."""
