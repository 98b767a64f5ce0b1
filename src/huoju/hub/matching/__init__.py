"""Suggestions of the same person 同人推荐: fuzzy comparison, scored by Splink, decided by people."""
