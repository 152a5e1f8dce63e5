"""Image files: every kind that is promised, and every way to be refused."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageCms, PngImagePlugin

from photoplay.errors import (
    FileTooLarge,
    ImageFormatUnsupported,
    ImageShapeUnsupported,
    ImageTooLarge,
    ImageTooSmall,
    ImageUnreadable,
    InputError,
)
from photoplay.media.image import FORMATS, decode_photo, load_photo, open_image
from photoplay.media.sniff import sniff, webp_size

PHOTOS = Path(skimage.data.__file__).parent


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    with Image.open(PHOTOS / "chelsea.png") as image:
        return image.convert("RGB").resize((120, 80))


def encode(image: Image.Image, fmt: str, **options) -> bytes:
    out = io.BytesIO()
    image.save(out, fmt, **options)
    return out.getvalue()


def difference(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a.astype(float) - b.astype(float)).mean())


@pytest.mark.parametrize(
    ("fmt", "options", "tolerance"),
    [
        ("PNG", {}, 0),
        ("BMP", {}, 0),
        ("TIFF", {}, 0),
        ("TIFF", {"compression": "tiff_lzw"}, 0),
        ("WEBP", {"lossless": True}, 0),
        ("WEBP", {"quality": 95}, 4),
        ("JPEG", {"quality": 95}, 3),
        ("JPEG", {"quality": 95, "progressive": True}, 3),
        ("AVIF", {"quality": 95}, 4),
        ("GIF", {}, 12),
    ],
)
def test_reads_the_promised_formats(photo, fmt, options, tolerance):
    data = encode(photo, fmt, **options)
    decoded = decode_photo(data)
    assert decoded.source_format == fmt
    assert decoded.rgb.shape == (80, 120, 3)
    assert decoded.rgb.dtype == np.uint8
    assert decoded.rgb.flags.c_contiguous
    assert decoded.size == (120, 80)
    assert decoded.digest == hashlib.sha256(data).hexdigest()
    assert not decoded.had_alpha
    assert difference(decoded.rgb, np.asarray(photo)) <= tolerance


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(photo, fmt, orientation):
    # What a camera does: the picture is stored turned, and the tag says how to turn it back.
    stored = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    turned = photo.transpose(stored) if stored is not None else photo
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    decoded = decode_photo(encode(turned, fmt, exif=exif, quality=95))
    assert decoded.size == photo.size
    assert difference(decoded.rgb, np.asarray(photo)) < 5


def test_focal_length_is_read_and_implausible_ones_are_not(photo):
    for value, expected in ((28, 28.0), (0, None), (60000, None)):
        exif = Image.Exif()
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.FocalLengthIn35mmFilm] = value
        assert decode_photo(encode(photo, "JPEG", exif=exif)).focal_mm == expected
    assert decode_photo(encode(photo, "PNG")).focal_mm is None


def test_broken_exif_does_not_cost_the_picture(photo):
    broken = b"Exif\x00\x00II*\x00\x08\x00\x00\x00\xff\xff" + bytes(range(64))
    assert decode_photo(encode(photo, "JPEG", exif=broken)).size == photo.size


def swapped_primaries() -> bytes:
    """The sRGB profile with the red and green colourants exchanged: red must come out green."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = profile.index(b"rXYZ"), profile.index(b"gXYZ")
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile)


@pytest.mark.parametrize("fmt", ["PNG", "JPEG", "TIFF", "WEBP", "AVIF"])
def test_icc_profile_is_applied(fmt):
    red = Image.new("RGB", (32, 32), (255, 0, 0))
    decoded = decode_photo(encode(red, fmt, icc_profile=swapped_primaries(), quality=95))
    assert decoded.rgb[16, 16, 1] > 240
    assert decoded.rgb[16, 16, 0] < 20
    assert decoded.notes == ()


def test_icc_profile_is_applied_under_transparency():
    pixels = Image.new("RGBA", (32, 32), (255, 0, 0, 255))
    pixels.putpixel((0, 0), (255, 0, 0, 0))
    decoded = decode_photo(encode(pixels, "PNG", icc_profile=swapped_primaries()))
    assert decoded.had_alpha
    assert decoded.rgb[16, 16, 1] > 240


def test_lab_picture():
    channel = Image.new("L", (32, 32), 128)
    lab = Image.merge("LAB", [channel, channel, channel])
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    # L* = 50, a* = b* = 0 is a neutral grey of sRGB 119 (CIE 1976, sRGB transfer).
    for options in ({"icc_profile": profile}, {}):
        decoded = decode_photo(encode(lab, "TIFF", **options))
        assert np.abs(decoded.rgb.astype(int) - 119).max() <= 2


def test_srgb_profile_changes_nothing_and_a_broken_one_is_noted(photo):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    same = decode_photo(encode(photo, "PNG", icc_profile=profile))
    assert np.abs(same.rgb.astype(int) - np.asarray(photo).astype(int)).max() <= 1
    assert same.notes == ()
    broken = decode_photo(encode(photo, "PNG", icc_profile=b"no profile" * 20))
    assert np.array_equal(broken.rgb, np.asarray(photo))
    assert "profile" in broken.notes[0]


def test_grey_picture_with_rgb_profile(photo):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    grey = photo.convert("L")
    decoded = decode_photo(encode(grey, "PNG", icc_profile=profile))
    assert decoded.notes == ()
    assert np.abs(decoded.rgb[..., 1].astype(int) - np.asarray(grey).astype(int)).max() <= 1


def test_cmyk_jpeg_has_the_right_colours():
    cmyk = Image.new("CMYK", (32, 32), (0, 255, 255, 0))
    decoded = decode_photo(encode(cmyk, "JPEG", quality=95))
    red, green, blue = decoded.rgb[16, 16]
    assert red > 240
    assert max(green, blue) < 15
    assert "CMYK" in decoded.notes[0]


def test_sixteen_bit_and_float_pictures_are_scaled():
    ramp = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (32, 1))
    expected = np.rint(ramp / 257.0).astype(np.uint8)
    for fmt in ("PNG", "TIFF"):
        decoded = decode_photo(encode(Image.fromarray(ramp), fmt))
        assert np.abs(decoded.rgb[..., 0].astype(int) - expected.astype(int)).max() <= 1
    unit = np.tile(np.linspace(0, 1, 64).astype(np.float32), (32, 1))
    decoded = decode_photo(encode(Image.fromarray(unit), "TIFF"))
    assert np.abs(decoded.rgb[..., 2].astype(int) - np.rint(unit * 255).astype(int)).max() == 0
    wide = unit * 4000 - 100
    wide[0, 0] = np.nan
    stretched = decode_photo(encode(Image.fromarray(wide), "TIFF"))
    assert stretched.rgb.min() == 0
    assert stretched.rgb.max() == 255


def png16_rgb(pixels: np.ndarray) -> bytes:
    """(H, W, 3) uint16 as a PNG, written by hand: Pillow cannot."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    height, width = pixels.shape[:2]
    rows = b"".join(b"\x00" + row.astype(">u2").tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_sixteen_bit_colour_png():
    pixels = np.zeros((20, 20, 3), np.uint16)
    pixels[..., 0], pixels[..., 1] = 65535, 32896
    assert decode_photo(png16_rgb(pixels)).rgb[5, 5].tolist() == [255, 128, 0]


@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_other_modes_become_rgb(photo, mode):
    converted = photo.convert(mode)
    decoded = decode_photo(encode(converted, "PNG"))
    assert np.array_equal(decoded.rgb, np.asarray(converted.convert("RGB")))


def cut_out(colour: tuple[int, int, int]) -> Image.Image:
    pixels = np.zeros((64, 64, 4), np.uint8)
    pixels[16:48, 16:48] = (*colour, 255)
    return Image.fromarray(pixels)


def test_cut_out_stands_before_a_backdrop_it_differs_from():
    dark = decode_photo(encode(cut_out((20, 30, 40)), "PNG"))
    assert dark.had_alpha
    assert dark.alpha is not None
    assert dark.alpha[0, 0] == 0
    assert dark.alpha[32, 32] == 255
    assert dark.rgb[32, 32].tolist() == [20, 30, 40]
    assert dark.rgb[0].min() > 200
    light = decode_photo(encode(cut_out((250, 250, 250)), "PNG"))
    assert light.rgb[0].max() < 80
    assert "backdrop" in light.notes[0]


def test_rounded_corners_are_filled_with_the_pictures_own_colours(photo):
    rounded = photo.copy().convert("RGBA")
    alpha = np.full((80, 120), 255, np.uint8)
    alpha[:12, :12] = 0
    pixels = np.array(rounded)
    pixels[:12, :12, :3] = (255, 0, 255)  # what lies under transparency must not show
    pixels[..., 3] = alpha
    decoded = decode_photo(encode(Image.fromarray(pixels), "PNG"))
    corner = decoded.rgb[:10, :10].reshape(-1, 3).mean(axis=0)
    around = np.asarray(photo)[:16, 12:20].reshape(-1, 3).mean(axis=0)
    assert np.abs(corner - around).max() < 40
    assert np.array_equal(decoded.rgb[20:], np.asarray(photo)[20:])


def test_half_transparent_edges_mix():
    pixels = np.zeros((32, 32, 4), np.uint8)
    pixels[..., 3] = 128
    decoded = decode_photo(encode(Image.fromarray(pixels), "PNG"))
    assert 100 < decoded.rgb[0, 0, 0] < 150


def test_transparency_said_by_palette_and_by_colour_key(photo):
    key = PngImagePlugin.PngInfo()
    flat = Image.new("RGB", (32, 32), (10, 200, 30))
    flat.paste((200, 10, 30), (8, 8, 24, 24))
    keyed = decode_photo(encode(flat, "PNG", transparency=(10, 200, 30), pnginfo=key))
    assert keyed.had_alpha
    assert keyed.rgb[0, 0].tolist() != [10, 200, 30]
    palette = flat.convert("P", palette=Image.Palette.ADAPTIVE)
    index = int(np.asarray(palette)[0, 0])
    for fmt in ("PNG", "GIF"):
        assert decode_photo(encode(palette, fmt, transparency=index)).had_alpha


def test_opaque_alpha_is_no_alpha(photo):
    decoded = decode_photo(encode(photo.convert("RGBA"), "PNG"))
    assert not decoded.had_alpha
    assert np.array_equal(decoded.rgb, np.asarray(photo))


def test_fully_transparent_is_refused():
    with pytest.raises(ImageUnreadable, match="transparent"):
        decode_photo(encode(Image.new("RGBA", (32, 32)), "PNG"))


@pytest.mark.parametrize("fmt", ["GIF", "WEBP", "PNG", "AVIF", "TIFF"])
def test_animated_pictures_give_their_first_frame(fmt):
    first, second = Image.new("RGB", (32, 32), (250, 0, 0)), Image.new("RGB", (32, 32), (0, 0, 250))
    decoded = decode_photo(encode(first, fmt, save_all=True, append_images=[second]))
    assert decoded.rgb[16, 16, 0] > 200
    assert decoded.rgb[16, 16, 2] < 60
    assert "first" in decoded.notes[0]


def test_stereo_jpeg_is_a_jpeg(photo):
    data = encode(photo, "MPO", save_all=True, append_images=[photo.rotate(180)])
    decoded = decode_photo(data)
    assert decoded.source_format == "JPEG"
    assert decoded.notes == ()


def huge_png(side: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000)))


def test_too_many_pixels_are_refused_on_the_header():
    with pytest.raises(ImageTooLarge, match="40000x40000"):
        decode_photo(huge_png(40_000))
    with pytest.raises(ImageTooLarge):
        decode_photo(encode(Image.new("RGB", (100, 100)), "PNG"), max_pixels=9_999)


def test_webp_canvas_is_checked_before_the_decoder_sees_it():
    body = b"\x00\x00\x00\x00" + (16382).to_bytes(3, "little") * 2
    data = b"RIFF\x00\x00\x00\x00WEBPVP8X" + (10).to_bytes(4, "little") + body
    assert webp_size(data) == (16383, 16383)
    with pytest.raises(ImageTooLarge, match="16383x16383"):
        decode_photo(data)


@pytest.mark.parametrize("options", [{"lossless": True}, {"quality": 50}, {"lossless": True, "exif": b"Exif\x00\x00"}])
def test_webp_header_size(options):
    assert webp_size(encode(Image.new("RGB", (123, 45), (9, 9, 9)), "WEBP", **options)) == (123, 45)


def test_too_small_and_too_long():
    with pytest.raises(ImageTooSmall, match="15x40"):
        decode_photo(encode(Image.new("RGB", (15, 40)), "PNG"))
    assert decode_photo(encode(Image.new("RGB", (16, 16)), "PNG")).size == (16, 16)
    long = encode(Image.new("RGB", (200, 20)), "PNG")
    assert decode_photo(long).size == (200, 20)
    with pytest.raises(ImageShapeUnsupported, match=r"2\.5:1"):
        decode_photo(long, max_aspect=2.5)


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (b"", ImageUnreadable, "empty"),
        (b"hello, world", ImageUnreadable, "not an image"),
        (b"<!DOCTYPE html><html>", ImageUnreadable, "text/html"),
        (b"%PDF-1.7 ....", ImageUnreadable, "application/pdf"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", ImageFormatUnsupported, "HEIC"),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic", ImageFormatUnsupported, "HEIC"),
        (b"<svg xmlns='x'>", ImageFormatUnsupported, "vector"),
        (b"8BPS\x00\x01", ImageFormatUnsupported, "Photoshop"),
        (b"\x00\x00\x01\x00\x01\x00", ImageFormatUnsupported, "icon"),
        (b"\x89PNG\r\n\x1a\n", ImageUnreadable, "damaged"),
        (b"\xff\xd8\xff\xe0", ImageUnreadable, "damaged"),
    ],
)
def test_what_is_not_a_readable_image(data, error, words):
    with pytest.raises(error, match=words):
        decode_photo(data)


def test_load_photo_checks_the_file(tmp_path, photo):
    path = tmp_path / "photo.jpg"
    path.write_bytes(encode(photo, "PNG"))  # the name lies; the bytes count
    assert load_photo(path).source_format == "PNG"
    with pytest.raises(FileTooLarge):
        load_photo(path, max_bytes=100)
    with pytest.raises(ImageUnreadable, match="cannot be read"):
        load_photo(tmp_path / "none.png")


SAMPLES = {
    "JPEG": {"quality": 85},
    "PNG": {},
    "GIF": {},
    "WEBP": {"quality": 80},
    "BMP": {},
    "TIFF": {"compression": "tiff_lzw"},
    "AVIF": {"quality": 80},
}


@pytest.fixture(scope="module")
def samples(photo) -> dict[str, tuple[bytes, np.ndarray]]:
    made = {fmt: encode(photo, fmt, **options) for fmt, options in SAMPLES.items()}
    return {fmt: (data, decode_photo(data).rgb) for fmt, data in made.items()}


@pytest.mark.parametrize("fmt", SAMPLES)
@settings(max_examples=40, deadline=None, derandomize=True)
@given(share=st.floats(0.0, 0.999))
def test_cut_short_is_refused_or_whole(samples, fmt, share):
    data, whole = samples[fmt]
    cut = data[: int(len(data) * share)]
    try:
        decoded = decode_photo(cut)
    except InputError:
        return
    assert np.array_equal(decoded.rgb, whole), "a truncated file gave half a picture"


@pytest.mark.parametrize("fmt", SAMPLES)
@settings(max_examples=40, deadline=None, derandomize=True)
@given(changes=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=8))
def test_garbled_files_raise_nothing_but_our_errors(samples, fmt, changes):
    data = bytearray(samples[fmt][0])
    for where, value in changes:
        data[int(len(data) * where)] = value
    try:
        decoded = decode_photo(bytes(data), max_pixels=1_000_000)
    except InputError:
        return
    assert decoded.rgb.ndim == 3


def test_sniff_knows_what_is_decoded(photo):
    for fmt, options in SAMPLES.items():
        assert sniff(encode(photo, fmt, **options)) in FORMATS
    assert sniff(b"RIFF\x00\x00\x00\x00WAVEfmt ") == "audio/wav"
    assert sniff(b"\xff\xfb\x90\x00") == "audio/mpeg"
    assert sniff(b"\xff\xf1\x50\x80") == "audio/aac"
    assert sniff(b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2") == "video/mp4"
    assert sniff(b"") is None
    assert sniff(b"plain text") is None


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_the_header_says_what_size_the_upright_picture_has(fmt, orientation):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    data = io.BytesIO()
    Image.fromarray(np.full((48, 80, 3), 90, np.uint8)).save(data, fmt, exif=exif)
    opened = open_image(data.getvalue())
    assert opened.size == ((48, 80) if orientation > 4 else (80, 48))
    assert opened.decode().size == opened.size


def test_a_picture_that_is_cut_short_opens_but_is_not_decoded(photo):
    whole = encode(photo, "JPEG")
    opened = open_image(whole[: len(whole) // 2])
    assert opened.size == (photo.width, photo.height)
    with pytest.raises(ImageUnreadable):
        opened.decode()
