"""Artifacts by key: a local folder or an S3 bucket, and signed links to what is in them."""

from photoplay.storage.base import Storage, StoredObject, check_key, content_type_of
from photoplay.storage.objects import LocalStorage, ObjectStorage, open_storage
from photoplay.storage.signing import ArtifactClaims, ArtifactSigner

__all__ = [
    "ArtifactClaims",
    "ArtifactSigner",
    "LocalStorage",
    "ObjectStorage",
    "Storage",
    "StoredObject",
    "check_key",
    "content_type_of",
    "open_storage",
]
