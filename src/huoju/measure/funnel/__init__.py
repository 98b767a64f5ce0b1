"""The funnel: stages, conversion and time between them, over every lead."""
