"""Intake: submissions and imported rows become leads; what is doubtful waits in quarantine 隔离区."""
