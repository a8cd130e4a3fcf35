"""The JSON API: the pages' verbs for programs. docs/api.md describes it, `dashboard.routes` lists it."""
