"""The keywords that indexing keeps of a header, and why. Everything else of a data set is looked up in the file."""

from pydicom.datadict import tag_for_keyword

IDENTITY = ("SpecificCharacterSet", "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID",
            "FrameOfReferenceUID")  # fmt: skip

PATIENT = ("PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex", "PatientAge",
           "PatientSize", "PatientWeight", "EthnicGroup", "SmokingStatus")  # fmt: skip
"""Identity for reports and conflicts; age, sex and size for the models' limits and inputs."""

INDICATION = ("AdmittingDiagnosesDescription", "AdmittingDiagnosesCodeSequence", "AdditionalPatientHistory",
              "ReasonForVisit", "ReasonForVisitCodeSequence", "ReasonForStudy", "ReasonForTheRequestedProcedure",
              "ReasonForRequestedProcedureCodeSequence", "RequestedProcedureDescription",
              "RequestedProcedureCodeSequence", "RequestedProcedureID", "ScheduledProcedureStepDescription",
              "ScheduledProtocolCodeSequence", "ProcedureCodeSequence", "PerformedProcedureStepDescription",
              "PerformedProtocolCodeSequence", "RequestAttributesSequence", "MedicalAlerts",
              "PatientState")  # fmt: skip
"""Why the patient was examined: decides models that run by indication."""

STUDY = ("StudyDate", "StudyTime", "StudyID", "StudyDescription", "AccessionNumber", "ReferringPhysicianName",
         "InstitutionName", "TimezoneOffsetFromUTC")  # fmt: skip

SERIES = ("Modality", "SeriesNumber", "SeriesDescription", "SeriesDate", "SeriesTime", "ProtocolName",
          "BodyPartExamined", "AnatomicRegionSequence", "Laterality", "PatientPosition", "PresentationIntentType",
          "AcquisitionProtocolDescription")  # fmt: skip

IMAGE = ("InstanceNumber", "AcquisitionNumber", "AcquisitionDate", "AcquisitionTime", "AcquisitionDateTime",
         "ContentDate", "ContentTime", "ImageType", "ImageLaterality", "ViewPosition", "ViewCodeSequence",
         "PatientOrientation", "ImageComments", "DerivationDescription", "BurnedInAnnotation", "QualityControlImage",
         "LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod", "ConversionType",
         "FrameType", "TemporalPositionIdentifier")  # fmt: skip

EQUIPMENT = ("Manufacturer", "ManufacturerModelName", "SoftwareVersions", "StationName", "DeviceSerialNumber",
             "DetectorType", "PlateType")  # fmt: skip

ACQUISITION = ("KVP", "XRayTubeCurrent", "ExposureTime", "Exposure", "ConvolutionKernel", "FilterType", "ScanOptions",
               "ContrastBolusAgent", "ContrastBolusAgentSequence", "ContrastBolusRoute", "ContrastBolusVolume",
               "ReconstructionDiameter", "DataCollectionDiameter", "GantryDetectorTilt", "SpiralPitchFactor",
               "ReconstructionAlgorithm", "Grid", "DistanceSourceToDetector", "DistanceSourceToPatient",
               "PixelIntensityRelationship", "PixelIntensityRelationshipSign")  # fmt: skip

GEOMETRY = ("Rows", "Columns", "NumberOfFrames", "PixelSpacing", "PixelSpacingCalibrationType",
            "PixelSpacingCalibrationDescription", "ImagerPixelSpacing", "NominalScannedPixelSpacing",
            "EstimatedRadiographicMagnificationFactor", "SliceThickness", "SpacingBetweenSlices", "SliceLocation",
            "ImagePositionPatient", "ImageOrientationPatient")  # fmt: skip

GREY_SCALE = ("SamplesPerPixel", "PhotometricInterpretation", "BitsAllocated", "BitsStored", "HighBit",
              "PixelRepresentation", "PlanarConfiguration", "PixelPaddingValue", "PixelPaddingRangeLimit",
              "RescaleIntercept", "RescaleSlope", "RescaleType", "WindowCenter", "WindowWidth", "VOILUTFunction",
              "PresentationLUTShape")  # fmt: skip

KEPT = IDENTITY + PATIENT + INDICATION + STUDY + SERIES + IMAGE + EQUIPMENT + ACQUISITION + GEOMETRY + GREY_SCALE

CODE = ("CodeValue", "LongCodeValue", "CodingSchemeDesignator", "CodeMeaning")
"""Inside a code sequence (PS3.3 8.8)."""

FUNCTIONAL_GROUPS = (
    "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence", "PixelMeasuresSequence",
    "PlanePositionSequence", "PlaneOrientationSequence", "PixelValueTransformationSequence",
    "CTImageFrameTypeSequence", "CTReconstructionSequence", "CTXRayDetailsSequence", "FrameVOILUTSequence",
    "FrameContentSequence")  # fmt: skip
"""Where an enhanced multi-frame object keeps what others have at the top (PS3.3 C.7.6.16)."""


def tag(keyword: str) -> int:
    """The tag of a keyword of the data dictionary (PS3.6); ValueError when there is none."""
    found = tag_for_keyword(keyword)
    if found is None:
        raise ValueError(f"keyword must be in the DICOM data dictionary, got {keyword!r}")
    return found
