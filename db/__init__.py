"""What is true: tables, migrations and one module of verbs for each noun."""
