"""One ID 同人体系: persons and their identifiers."""
