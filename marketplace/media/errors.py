from marketplace.core.errors import Conflict, PayloadTooLarge, UnsupportedMedia, ValidationFailed


class FileTooLarge(PayloadTooLarge):
    code = "file_too_large"


class FileEmpty(ValidationFailed):
    code = "file_empty"


class FileTypeRefused(UnsupportedMedia):
    code = "unsupported_file_type"


class FileTruncated(ValidationFailed):
    code = "file_truncated"


class UnknownFile(ValidationFailed):
    """No such file of theirs for this use: somebody else's, taken away, or uploaded for something else."""

    code = "file_not_found"


class FileAttached(Conflict):
    code = "file_attached"


class FileRefused(Conflict):
    """It turned out to be damaged or infected; `details.reason` says which."""

    code = "file_refused"


class TooManyFiles(Conflict):
    code = "too_many_files"


class TooMuchWaiting(Conflict):
    """Too many bytes were uploaded ahead and not used yet."""

    code = "too_many_unused_files"


class FileInUse(Conflict):
    code = "file_in_use"
    default_message = "This file belongs to something; take it away there."
