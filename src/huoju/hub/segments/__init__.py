"""Segments 圈选: who belongs to a described group of people, now and at any earlier time."""
