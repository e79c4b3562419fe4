from marketplace.core.errors import PayloadTooLarge, UnsupportedMedia, ValidationFailed


class FileTooLarge(PayloadTooLarge):
    code = "file_too_large"


class FileEmpty(ValidationFailed):
    code = "file_empty"


class FileTypeRefused(UnsupportedMedia):
    code = "unsupported_file_type"


class FileTruncated(ValidationFailed):
    code = "file_truncated"
