# SPDX-License-Identifier: Apache-2.0
"""Errors by kind. Each message says what is wrong with which file or argument."""


class Error(Exception):
    """All that the library reports. `status` is the number that its programs exit with."""

    status = 70


class Cancelled(Error):
    """The function `progress` answered that it is enough."""

    status = 1


class ArgumentError(Error, ValueError):
    """An argument does not fit: its type, shape, or value."""

    status = 2


class UnreadableError(Error, OSError):
    """A file is missing or unreadable, or may not be overwritten."""

    status = 3


class FormatError(Error, ValueError):
    """A file is malformed or of an unsupported kind, its weights do not fit, or the model cannot do this."""

    status = 4


class MismatchError(Error, ValueError):
    """A checksum or format version does not match."""

    status = 5


class LimitError(Error, MemoryError):
    """Out of memory, or a documented limit is exceeded."""

    status = 6


class InternalError(Error, RuntimeError):
    """A bug of the library."""


_KINDS = {kind.status: kind
          for kind in (Cancelled, ArgumentError, UnreadableError, FormatError, MismatchError, LimitError)}


def error_of(status, message):
    """The error that a status of the C interface stands for."""
    return _KINDS.get(status, InternalError)(message)
