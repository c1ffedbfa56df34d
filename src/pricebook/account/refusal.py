"""What an account says no to, in whatever words it is then told."""


class Refused(Exception):  # noqa: N818 - the account understood, and the answer is no
    """Nothing was changed. `status` is the vendor's HTTP status for it, `message` a sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message
