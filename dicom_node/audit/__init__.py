"""DICOM audit trail messages (PS3.15 A.5) and how they travel (PS3.15 A.6)."""
