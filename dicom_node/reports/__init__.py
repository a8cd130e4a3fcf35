"""Findings become DICOM objects: Secondary Capture pictures for every viewer, a structured report for machines."""
