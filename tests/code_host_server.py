"""A server on this machine that behaves like the APIs of GitHub and GitLab, as far as we use them.

Lists come in pages of as many items as are asked for. Faults are queued: each is the answer to the next request that
matches, and says whether the request is carried out all the same.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "ghs_thisIsTheTokenThatNobodyMaySee"
OURS = "github-actions[bot]"


@dataclass
class Fault:
    """`status` instead of an answer, once, and `text` if it is given; `done`: the request is carried out before the
    answer is lost."""

    method: str
    status: int
    done: bool = False
    text: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class CodeHost:
    """What the server holds, and every request that it saw."""

    url: str = ""
    comments: list[dict[str, Any]] = field(default_factory=list)
    issues: list[dict[str, Any]] = field(default_factory=list)
    statuses: list[dict[str, Any]] = field(default_factory=list)
    pulls: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    reviews: list[dict[str, Any]] = field(default_factory=list)
    approvals: list[dict[str, Any]] = field(default_factory=list)
    versions: list[dict[str, Any]] = field(default_factory=list)
    scans: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    def said(self, body: str, author: str = OURS, **more: Any) -> dict[str, Any]:
        """A comment that is there."""
        number = len(self.comments) + 1
        url = f"https://github.example/c/{number}"
        entry = {"id": number, "body": body, "user": {"login": author}, "html_url": url, **more}
        self.comments.append(entry)
        return entry

    def reviewed(self, who: str, state: str, commit: str) -> None:
        """Somebody reviews the pull request."""
        self.reviews.append({"user": {"login": who}, "state": state, "commit_id": commit})

    def opened(self, body: str, title: str, author: str = OURS, **more: Any) -> dict[str, Any]:
        """An issue that is there."""
        number = len(self.issues) + 1
        url = f"https://github.example/i/{number}"
        entry = {"number": number, "title": title, "body": body, "state": "open", "user": {"login": author}, **more}
        self.issues.append(entry | {"html_url": url})
        return self.issues[-1]

    def answer(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> tuple[int, Any]:
        """What GitHub answers, or GitLab."""
        match method, path.strip("/").split("/"):
            case "GET", ["repos", _, _, "issues", _, "comments"]:
                return 200, paged(self.comments, query)
            case "POST", ["repos", _, _, "issues", _, "comments"]:
                return 201, self.said(body["body"])
            case "PATCH", ["repos", _, _, "issues", "comments", id_]:
                return 200, changed(self.comments, "id", id_, body)
            case "GET", ["repos", _, _, "issues"]:
                found = [i for i in self.issues if i["state"] == query["state"] and creator(i) == query["creator"]]
                return 200, paged(found, query)
            case "POST", ["repos", _, _, "issues"]:
                return 201, self.opened(body["body"], body["title"])
            case "PATCH", ["repos", _, _, "issues", number]:
                return 200, changed(self.issues, "number", number, body)
            case "POST", ["repos", _, _, "statuses", sha]:
                entry = {"sha": sha, "creator": {"login": OURS}, **body}
                self.statuses.insert(0, entry)
                return 201, entry
            case "GET", ["repos", _, _, "commits", sha, "statuses"]:
                return 200, paged([s for s in self.statuses if s["sha"] == sha], query)
            case "GET", ["repos", _, _, "commits", sha, "pulls"]:
                return 200, self.pulls.get(sha, [])
            case "GET", ["repos", _, _, "pulls", _, "reviews"]:
                return 200, paged(self.reviews, query)
            case "POST", ["repos", _, _, "code-scanning", "sarifs"]:
                self.scans.append(body)
                return 202, {"id": "1"}
            case _:
                return self.gitlab(method, path, query, body)

    def gitlab(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> tuple[int, Any]:
        """What GitLab answers."""
        match method, path.strip("/").split("/"):
            case "GET", ["user"]:
                return 200, {"id": 7, "username": "pricebook"}
            case "GET", ["projects", _, "merge_requests", _, "notes"]:
                return 200, paged(self.comments, query)
            case "POST", ["projects", _, "merge_requests", _, "notes"]:
                return 201, self.said(body["body"], author="pricebook", system=False) | {"author": {"id": 7}}
            case "PUT", ["projects", _, "merge_requests", _, "notes", id_]:
                return 200, changed(self.comments, "id", id_, body)
            case "GET", ["projects", _, "repository", "commits", sha, "merge_requests"]:
                return 200, paged(self.pulls.get(sha, []), query)
            case "GET", ["projects", _, "merge_requests", _, "approvals"]:
                return 200, {"approved": bool(self.approvals), "approved_by": self.approvals}
            case "GET", ["projects", _, "merge_requests", _, "versions"]:
                return 200, paged(self.versions, query)
            case "GET", ["projects", _, "issues"]:
                mine = [i for i in self.issues if str(i["author"]["id"]) == query["author_id"]]
                return 200, paged([i for i in mine if i["state"] == query["state"]], query)
            case "POST", ["projects", _, "issues"]:
                entry = {"iid": len(self.issues) + 1, "state": "opened", "author": {"id": 7}, **body}
                self.issues.append(entry | {"web_url": f"https://gitlab.example/i/{entry['iid']}"})
                return 201, self.issues[-1]
            case "PUT", ["projects", _, "issues", iid]:
                if body.pop("state_event", "") == "close":
                    body["state"] = "closed"
                return 200, changed(self.issues, "iid", iid, body)
        return 404, {"message": "Not Found"}


def creator(item: dict[str, Any]) -> str:
    login: str = item["user"]["login"]
    return login


def paged(items: list[dict[str, Any]], query: dict[str, str]) -> list[dict[str, Any]]:
    size, page = int(query.get("per_page", 30)), int(query.get("page", 1))
    return items[(page - 1) * size : page * size]


def changed(items: list[dict[str, Any]], key: str, value: str, body: dict[str, Any]) -> dict[str, Any]:
    (found,) = (item for item in items if str(item[key]) == value)
    found.update(body)
    return found


@contextmanager
def served() -> Iterator[CodeHost]:
    """A code host that listens until it is left."""
    host = CodeHost()
    with ThreadingHTTPServer(("127.0.0.1", 0), handler(host)) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        host.url = f"http://127.0.0.1:{server.server_port}"
        yield host
        server.shutdown()


def handler(host: CodeHost) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def reply(self, status: int, answer: Any, headers: dict[str, str], text: str | None = None) -> None:
            data = (json.dumps(answer) if text is None else text).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def serve(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else {}
            host.seen.append(f"{self.command} {parts.path}")
            if self.headers.get("Authorization") != f"Bearer {TOKEN}" and self.headers.get("PRIVATE-TOKEN") != TOKEN:
                return self.reply(401, {"message": "Bad credentials"}, {})
            fault = next((f for f in host.faults if f.method == self.command), None)
            if fault is None or fault.done:
                status, answer = host.answer(self.command, parts.path, query, body)
            if fault is not None:
                host.faults.remove(fault)
                return self.reply(fault.status, {"message": f"fault, and not {TOKEN[:3]}"}, fault.headers, fault.text)
            return self.reply(status, answer, {})

        do_GET = do_POST = do_PATCH = do_PUT = serve  # noqa: N815 - the library's names

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    return Handler
