"""What a file is, by its first bytes: names and content types that callers give are not believed."""

from __future__ import annotations

from typing import Final

SNIFF_BYTES: Final = 64  # as many of a file's first bytes as :func:`sniff` looks at

_MAGIC: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"II+\x00", "image/tiff"),
    (b"MM\x00+", "image/tiff"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "image/jp2"),
    (b"\xff\x4f\xff\x51", "image/jp2"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "image/jxl"),
    (b"\xff\x0a", "image/jxl"),
    (b"8BPS", "image/vnd.adobe.photoshop"),
    (b"\x00\x00\x01\x00", "image/vnd.microsoft.icon"),
    (b"v/1\x01", "image/x-exr"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"ID3", "audio/mpeg"),
    (b"fLaC", "audio/flac"),
    (b"OggS", "audio/ogg"),
    (b"\x1aE\xdf\xa3", "video/webm"),
)
_RIFF: Final = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_BRANDS: Final = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"heim": "image/heic",
    b"heis": "image/heic",
    b"hevc": "image/heic",
    b"hevx": "image/heic",
    b"mif1": "image/heic",
    b"msf1": "image/heic",
    b"crx ": "image/x-canon-cr3",
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"qt  ": "video/quicktime",
}


def sniff(data: bytes) -> str | None:
    """The media type of a file that begins with ``data`` (the first :data:`SNIFF_BYTES` are enough), or None."""
    if data[:4] == b"RIFF":
        return _RIFF.get(data[8:12])
    if data[4:8] == b"ftyp":
        return _sniff_iso(data)
    for magic, mime in _MAGIC:
        if data.startswith(magic):
            return mime
    if len(data) > 1 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0:  # an MPEG audio or ADTS frame header
        return "audio/aac" if data[1] & 0x06 == 0 else "audio/mpeg"
    text = data[:SNIFF_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html", b"<head")):
        return "text/html"
    if text.startswith((b"<svg", b"<?xml")):
        return "image/svg+xml"
    return None


def _sniff_iso(data: bytes) -> str:
    """ISO base media: the major brand, or the first compatible brand that says more (``mif1`` may be an AVIF)."""
    compatible = [data[i : i + 4] for i in range(16, min(len(data), SNIFF_BYTES) - 3, 4)]
    major = data[8:12]
    if major in (b"mif1", b"msf1") and any(brand in (b"avif", b"avis") for brand in compatible):
        return "image/avif"
    return _BRANDS.get(major, "video/mp4")


def webp_size(data: bytes) -> tuple[int, int] | None:
    """(width, height) in pixels that a WebP file's header declares, or None when it has none.

    Read by hand because the decoder takes memory for the whole canvas before it tells the size.
    Layout: WebP container specification, "Extended File Format"; RFC 6386 section 9.1; WebP lossless section 3.
    """
    chunk, body = data[12:16], data[20:34]
    if chunk == b"VP8X" and len(body) >= 10:
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if chunk == b"VP8 " and len(body) >= 10 and body[3:6] == b"\x9d\x01\x2a":
        return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF
    if chunk == b"VP8L" and len(body) >= 5 and body[0] == 0x2F:
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return None
