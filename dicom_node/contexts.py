"""Presentation contexts: what we take and in which encodings. Everything here is listed by hand."""

from functools import cache

from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    ComputedRadiographyImageStorage,
    CTImageStorage,
    DigitalXRayImageStorageForPresentation,
    DigitalXRayImageStorageForProcessing,
    EnhancedCTImageStorage,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    MultiFrameSingleBitSecondaryCaptureImageStorage,
    MultiFrameTrueColorSecondaryCaptureImageStorage,
    RLELossless,
    SecondaryCaptureImageStorage,
)
from pynetdicom.presentation import PresentationContext, build_context
from pynetdicom.sop_class import StorageCommitmentPushModel, Verification  # type: ignore[attr-defined]

SCREENED_SOP_CLASSES: tuple[str, ...] = (
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
    DigitalXRayImageStorageForProcessing,
    CTImageStorage,
    EnhancedCTImageStorage,
)
"""Images that a model may look at."""

SECONDARY_CAPTURE_SOP_CLASSES: tuple[str, ...] = (
    SecondaryCaptureImageStorage,
    MultiFrameSingleBitSecondaryCaptureImageStorage,
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    MultiFrameTrueColorSecondaryCaptureImageStorage,
)
"""Taken so that our own pictures, when a routing rule sends them back, are refused with a reason and counted."""

RECEIVED_SOP_CLASSES: tuple[str, ...] = SCREENED_SOP_CLASSES + SECONDARY_CAPTURE_SOP_CLASSES

RECEIVED_TRANSFER_SYNTAXES: tuple[str, ...] = (
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEG2000Lossless,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLSNearLossless,
    JPEG2000,
    HTJ2K,
)
"""In the order in which we choose when one context offers several: uncompressed before lossless before lossy, so that
no sender compresses for us and nothing is lost that was not lost already. No deflated (a small file may fill the
memory) and no big endian (retired in 2006)."""


@cache
def storage_contexts() -> tuple[PresentationContext, ...]:
    """C-STORE of what we take. All associations share them: building them takes 2 ms, and nobody writes them."""
    return tuple(build_context(uid, list(RECEIVED_TRANSFER_SYNTAXES)) for uid in RECEIVED_SOP_CLASSES)


def commitment_context() -> PresentationContext:
    """Storage commitment, in both roles: who reports requests the association and is the SCP in it (PS3.4 J.3.3)."""
    context = build_context(StorageCommitmentPushModel, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
    context.scu_role = True
    context.scp_role = True
    return context


def verification_context() -> PresentationContext:
    """C-ECHO."""
    return build_context(Verification, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
