"""Results in OHIF, as a radiologist opens them: Orthanc, OHIF and a headless Chromium. `make viewer` runs it."""
