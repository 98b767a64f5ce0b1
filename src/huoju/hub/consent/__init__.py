"""Consent 许可: permission per person, channel and purpose, with proof."""
