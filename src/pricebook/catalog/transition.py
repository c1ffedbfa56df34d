"""How the new contract of a customer who is moved follows on the one before."""

from typing import Literal

MigrationTransition = Literal["SUPERSEDE", "RENEWAL", "END_AND_PROVISION"]
"""The vendor's two, or none: the one contract ends where the other one starts."""
