"""How fast objects are taken in, beside what others use: DCMTK's storescp, Orthanc, pynetdicom's own example."""
