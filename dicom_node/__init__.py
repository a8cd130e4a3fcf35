"""Everything DICOM: listener, spool, reading, building reports, sending."""
