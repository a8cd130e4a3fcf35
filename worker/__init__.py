"""Composes the floors: Celery app, intake, screening, delivery, reconciler, bootstrap and the command line."""
