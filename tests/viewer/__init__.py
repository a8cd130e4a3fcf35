"""What people see in a browser: results in OHIF, pages of the dashboard; a headless Chromium. `make viewer` runs it."""
