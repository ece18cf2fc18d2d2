"""Image files: look at them, decode them, encode them. The rest of the service needs no more than this module."""

from models.codec.decoding import DecodedImage, decode
from models.codec.encoding import check_size, encode, encode_layer, encode_mask
from models.codec.headers import ImageInfo, probe
from models.codec.mask_files import decode_mask

__all__ = [
    "DecodedImage",
    "ImageInfo",
    "check_size",
    "decode",
    "decode_mask",
    "encode",
    "encode_layer",
    "encode_mask",
    "probe",
]
