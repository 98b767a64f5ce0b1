"""One module a command of `huoju`; each has `run(options)`, which returns the exit code or None."""
