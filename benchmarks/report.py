"""What a benchmark found, as text: what was measured, the ratio, the bound that is claimed, and OK or OVER."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from measure import Run, Spread


@dataclass(frozen=True)
class Finding:
    """A figure beside its bound. `unit` follows the number; `at_least` turns the bound round."""

    what: str
    figure: Spread
    bound: float
    unit: str = "x"
    at_least: bool = False

    @property
    def kept(self) -> bool:
        """Whether the bound is kept by the middle of the measurements."""
        return self.figure.middle >= self.bound if self.at_least else self.figure.middle <= self.bound

    def __str__(self) -> str:
        middle, low, high = self.figure
        ends = f" ({low:.3g} to {high:.3g})" if low != high else ""
        side = "at least" if self.at_least else "at most"
        verdict = "OK  " if self.kept else "OVER"
        return f"{verdict} {middle:.3g}{self.unit}{ends}, {side} {self.bound:g}{self.unit}: {self.what}"


@dataclass(frozen=True)
class Measured:
    """What a figure was made of: one line for people."""

    what: str
    cpu: Spread
    wall: Spread
    peak: int

    @classmethod
    def of(cls, what: str, runs: Sequence[Run]) -> "Measured":
        """The runs of one command."""
        return cls(
            what,
            Spread.of([run.cpu for run in runs]),
            Spread.of([run.wall for run in runs]),
            int(median(run.peak for run in runs)),
        )

    def __str__(self) -> str:
        cpu, wall = (f"{s.middle:8.3f} s ({s.low:.3f} to {s.high:.3f})" for s in (self.cpu, self.wall))
        return f"     {self.what:<44} CPU {cpu}   wall {wall}   peak {self.peak / 1e6:6.0f} MB"


@dataclass(frozen=True)
class Note:
    """A line that says something, and judges nothing."""

    text: str

    def __str__(self) -> str:
        return f"     {self.text}"


Line = Finding | Measured | Note
Report = Iterator[Line]
