"""The profile 画像: what is known of a person, where from, and what may be asked of it."""
