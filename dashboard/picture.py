"""A Secondary Capture of ours as PNG. What is drawn on it holds no header, so no name (`dicom_node.reports`)."""

from io import BytesIO

from screening.errors import BadPixelData

_MOST = 32 * 2**20  # pixels
_PLAIN = "1.2.840.10008.1.2.1"  # Explicit VR Little Endian


def to_png(encoded: bytes) -> bytes:
    """The picture of an encoded object: uncompressed RGB of 8 bits, as `dicom_node.reports.secondary_capture` writes.

    Raises
    ------
    BadPixelData
        If it is anything else.
    """
    import numpy as np  # noqa: PLC0415 (as the next ones: most pages need none of them)
    from PIL import Image  # noqa: PLC0415
    from pydicom import dcmread  # noqa: PLC0415
    from pydicom.errors import InvalidDicomError  # noqa: PLC0415

    try:
        dataset = dcmread(BytesIO(encoded))
        rows, columns, data = int(dataset.Rows), int(dataset.Columns), bytes(dataset.PixelData)
        form = (dataset.PhotometricInterpretation, int(dataset.SamplesPerPixel), int(dataset.BitsAllocated),
                int(dataset.PlanarConfiguration), str(dataset.file_meta.TransferSyntaxUID))  # fmt: skip
    except (AttributeError, TypeError, ValueError, InvalidDicomError) as exc:
        raise BadPixelData(f"the object is no picture ({type(exc).__name__})") from exc
    if form != ("RGB", 3, 8, 0, _PLAIN) or not 0 < rows * columns <= _MOST:
        raise BadPixelData(f"the picture must be uncompressed RGB of 8 bits, got {form}, {rows} by {columns}")
    wanted = rows * columns * 3
    if len(data) < wanted:
        raise BadPixelData(f"the picture must have {wanted} bytes, got {len(data)}")
    pixels = np.frombuffer(data, dtype=np.uint8, count=wanted).reshape(rows, columns, 3)
    out = BytesIO()
    Image.fromarray(pixels).save(out, "PNG", compress_level=3)
    return out.getvalue()
