"""Who may do what: users, roles, teams, API keys."""
