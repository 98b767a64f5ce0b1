"""What every wing stands on: the fact log, jobs, access, the look."""
