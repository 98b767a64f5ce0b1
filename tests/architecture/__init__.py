"""The house rules that import-linter and ruff cannot see, each as a test."""
