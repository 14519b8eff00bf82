"""What can go wrong while reading files, in words for the person who named them."""


class IngestError(Exception):
    """A file cannot be found or read; the message is one sentence that says what to do next."""
