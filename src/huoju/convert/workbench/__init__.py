"""The sales inbox: accept, reject, log calls."""
