"""Decisions of the funnel: what the log says of a lead, what is asked, how figures follow from counts. Pure."""
