"""A sandbox over HTTP, and the vendor's own client for it. Every answer is judged by the vendor's document."""

from collections.abc import Iterator

import pytest
import vendor_document
from metronome import Metronome

from pricebook.sandbox.server import Served, serving
from pricebook.sandbox.service import Sandbox
from pricebook.sandbox.wire import Answer, Request


def judged(sandbox: Sandbox) -> list[str]:
    """From now on, what the document has against the sandbox's answers is put into this list."""
    problems: list[str] = []
    answering = sandbox.handle

    def handle(request: Request) -> Answer:
        answer = answering(request)
        if not answer.broken and not any(fault.kind == "truncate" for fault in sandbox.faults):
            problems.extend(vendor_document.check_answer(request.method, request.path, answer.status, answer.body))
        return answer

    sandbox.handle = handle  # type: ignore[method-assign]
    return problems


@pytest.fixture
def served() -> Iterator[Served]:
    """A sandbox with an empty account, at a port of this machine."""
    with serving() as found:
        problems = judged(found.sandbox)
        yield found
        assert problems == []


@pytest.fixture
def client(served: Served) -> Iterator[Metronome]:
    """The vendor's SDK. It tries nothing twice, and takes no answer that is not as its types say."""
    with Metronome(
        bearer_token=served.token, base_url=served.url, max_retries=0, _strict_response_validation=True
    ) as found:
        yield found
