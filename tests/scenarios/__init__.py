"""Whole journeys through the product on real input."""
