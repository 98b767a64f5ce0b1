"""The look: patterns, components, template tags."""
