"""The analytics engine: tables of figures held in columns, fresh at every question."""
