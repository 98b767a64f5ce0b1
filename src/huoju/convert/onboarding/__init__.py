"""Moving in from an old CRM: the import steps for owners, outcomes and payments."""
