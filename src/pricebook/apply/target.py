"""Which account an environment is: a random mark in the account itself, remembered in `pricebook.yaml`.

The account says as which environment of a project it was first applied to; a token, a file or a URL of another one is
refused before anything is planned against it. Reading needs no request of its own.
"""

from typing import NamedTuple

from pricebook.problem import Rejected, reject


class AccountMark(NamedTuple):
    """As which environment an account was first applied to, and its own random name."""

    environment: str
    id: str

    @classmethod
    def read(cls, text: str) -> "AccountMark | None":
        """The reverse of `text`; None for no mark."""
        environment, _, id_ = text.rpartition("/")
        return cls(environment, id_) if environment and id_ else None

    @property
    def text(self) -> str:
        """`production/3f2a9c1d8b7e6f50`."""
        return f"{self.environment}/{self.id}"


def check_account(namespace: str, environment: str, remembered: str | None, text: str) -> None:
    """The account that bears a mark (or none, the empty text) is the one that the environment means.

    What `pricebook.yaml` remembers decides; where it remembers nothing, an account of another environment is refused,
    and one without a mark is new. Raises Rejected.
    """
    mark = AccountMark.read(text)
    if remembered is None:
        if mark is not None and mark.environment != environment:
            there, asked = f"{namespace}/{mark.environment}", f"{namespace}/{environment}"
            raise _refused(f"this account is marked as {there}, and {asked} was asked for", environment)
    elif mark is None:
        raise _refused(f"this account bears no mark, and {environment} is remembered as {remembered}", environment)
    elif mark.id != remembered:
        here = f"{mark.id}, marked as {namespace}/{mark.environment}"
        raise _refused(f"this account is {here}; {environment} is remembered as {remembered}", environment)


def _refused(message: str, environment: str) -> Rejected:
    hint = (
        f"see that the store and the token are those of {environment}; nothing was written."
        f" When this account is meant: pricebook --env {environment} account --mark"
    )
    return reject("wrong-account", message, hint=hint)
