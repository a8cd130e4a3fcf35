"""Screening models: a folder is a model, a file is shared by all. Knows no DICOM library, database or queue."""
