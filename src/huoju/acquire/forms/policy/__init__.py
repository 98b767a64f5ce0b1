"""Decisions of the forms. Pure: no Django, no I/O, no clock.

`definition` says what a form consists of, `answers` whether what somebody sent fits it, `tokens` whether a page was
made by us and when.
"""
