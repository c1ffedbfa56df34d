"""`pricebook post` against a server that behaves like GitHub and GitLab: once, in place, politely, the token unseen."""

import base64
import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from code_host_server import OURS, TOKEN, CodeHost, Fault, served
from pricebook.cli.main import root
from pricebook.codehost import api, github

HEAD, MERGE = "a" * 40, "b" * 40
TEXT = "### 3 prices change\n\n| a | b |\n\n<!-- pricebook plan acme/production -->\n"
BODY = TEXT


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[CodeHost]:
    """A code host, the variables of a job on pull request 12, and nobody who waits."""
    for name in ("GITLAB_CI", "PRICEBOOK_BOT"):
        monkeypatch.delenv(name, raising=False)
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 12, "title": "$(id)"}}))
    with served() as started:
        monkeypatch.setenv("GITHUB_API_URL", started.url)
        monkeypatch.setenv("GITHUB_REPOSITORY", "acme/prices")
        monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
        monkeypatch.setenv("GITHUB_EVENT_PATH", str(event))
        yield started


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Every pause that was made, by a clock that moves only when somebody sleeps."""
    pauses: list[float] = []
    monkeypatch.setattr(api, "sleep", pauses.append)
    monkeypatch.setattr(api, "monotonic", lambda: sum(pauses))
    return pauses


@pytest.fixture
def file(tmp_path: Path) -> str:
    """The comment as `--report markdown=FILE` writes it."""
    path = tmp_path / "comment.md"
    path.write_text(TEXT, encoding="utf-8")
    return str(path)


def post(*words: str, status: int = 0) -> str:
    """Run `pricebook post`, which says nothing of the token."""
    result = CliRunner().invoke(root, ["post", *words])
    assert result.exit_code == status, result.output
    assert TOKEN not in result.output
    return result.output.strip()


def test_the_first_time_there_is_a_comment(host: CodeHost, file: str) -> None:
    assert post("comment", file) == "https://github.example/c/1"
    assert [comment["body"] for comment in host.comments] == [BODY]
    assert host.seen == ["GET /repos/acme/prices/issues/12/comments", "POST /repos/acme/prices/issues/12/comments"]


def test_the_second_time_it_is_edited_in_place_and_the_third_left_alone(host: CodeHost, file: str) -> None:
    post("comment", file)
    Path(file).write_text(TEXT.replace("3", "4"), encoding="utf-8")
    assert post("comment", file) == "https://github.example/c/1"
    assert [comment["body"] for comment in host.comments] == [BODY.replace("3", "4")]
    post("comment", file)
    assert [request.split()[0] for request in host.seen] == ["GET", "POST", "GET", "PATCH", "GET"]


def test_it_is_found_on_the_third_page_by_marker_and_author(host: CodeHost, file: str) -> None:
    host.said(BODY, author="mallory")
    for number in range(230):
        host.said(f"LGTM {number}")
    host.said(BODY.replace("acme/production", "acme/other"))
    ours = host.said("old\n\n<!-- pricebook plan acme/production -->")
    post("comment", file)
    assert ours["body"] == BODY
    assert host.comments[0]["body"] == BODY, "what mallory wrote is mallory's"
    assert len(host.comments) == 233


def test_each_environment_has_a_comment_of_its_own(host: CodeHost, file: str) -> None:
    texts = [TEXT, TEXT.replace("production", "production-eu"), "no marker\n"]
    for _ in range(2):
        for text in texts:
            Path(file).write_text(text, encoding="utf-8")
            post("comment", file)
    assert [comment["body"] for comment in host.comments] == [*texts[:2], "no marker\n\n<!-- pricebook plan -->\n"]
    Path(file).write_text(texts[1], encoding="utf-8")
    post("comment", file, "--name", "plan")
    assert host.comments[2]["body"] == texts[1].replace("plan acme/production-eu", "plan")


@pytest.mark.parametrize("status", [500, 502, 504])
def test_an_answer_that_was_lost_makes_no_second_comment(host: CodeHost, file: str, status: int) -> None:
    host.faults.append(Fault("POST", status, done=True))
    assert post("comment", file) == "https://github.example/c/1"
    assert len(host.comments) == 1


def test_a_post_that_failed_is_told(host: CodeHost, file: str) -> None:
    host.faults.append(Fault("POST", 500))
    assert "the comment was not posted: 127.0.0.1:" in (said := post("comment", file, status=1))
    assert "answered /repos/acme/prices/issues/12/comments with 500" in said.replace("\n  ", " ")
    assert host.comments == []


def test_questions_are_asked_again_after_longer_pauses(host: CodeHost, file: str, slept: list[float]) -> None:
    host.faults += [Fault("GET", 502), Fault("GET", 503)]
    post("comment", file)
    assert slept == [1.0, 2.0]
    host.faults += [Fault("GET", 500)] * 1 + [Fault("GET", 500) for _ in range(3)]
    assert "error[code-host]" in post("comment", file, status=1)


def test_a_limit_is_waited_for_as_long_as_it_asks(host: CodeHost, file: str, slept: list[float]) -> None:
    host.faults += [
        Fault("GET", 429, headers={"Retry-After": "7"}),
        Fault("POST", 403, headers={"X-RateLimit-Remaining": "0"}),
    ]
    post("comment", file)
    assert slept == [7.0, 60.0]
    assert len(host.comments) == 1


def test_nobody_waits_for_days(host: CodeHost, file: str, slept: list[float]) -> None:
    host.faults.append(Fault("POST", 429, headers={"Retry-After": "999999"}))
    assert "429" in post("comment", file, status=1)
    assert slept == []
    assert host.comments == []


def test_what_may_not_be_done_is_told_with_the_way_out(host: CodeHost, file: str, slept: list[float]) -> None:
    host.faults.append(Fault("POST", 403))
    said = post("comment", file, status=1)
    assert "POST /repos/acme/prices/issues/12/comments: 403" in said
    assert "docs/ci.md" in said
    assert slept == []


def test_a_redirect_does_not_get_the_token(host: CodeHost, file: str) -> None:
    with served() as elsewhere:
        host.faults += [Fault("GET", 302, headers={"Location": f"{elsewhere.url}/user"}) for _ in range(4)]
        post("comment", file, status=1)
        assert elsewhere.seen == []


def test_the_token_goes_over_https_only(host: CodeHost, file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_API_URL", "http://api.github.com")
    assert "is no https address" in post("comment", file, status=1)


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("GITHUB_TOKEN", "", "GITHUB_TOKEN is not set"),
        ("GITHUB_REPOSITORY", "../../user", "is no owner/name"),
        ("GITHUB_REPOSITORY", "a/b/../c", "is no owner/name"),
        ("GITHUB_EVENT_PATH", "/nowhere", "about no pull request"),
    ],
)
def test_a_job_that_is_set_up_wrongly_is_told(
    host: CodeHost, file: str, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
) -> None:
    monkeypatch.setenv(variable, value)
    assert message in post("comment", file, status=1).replace("\n  ", " ")
    assert host.seen == []


def test_a_text_that_is_too_long_is_cut_and_still_found(host: CodeHost, file: str) -> None:
    Path(file).write_text("x" * 80_000, encoding="utf-8")
    post("comment", file)
    post("comment", file)
    (comment,) = host.comments
    assert len(comment["body"]) == github.MOST
    assert comment["body"].endswith("_Cut: this is too long for a comment._\n\n<!-- pricebook plan -->\n")


@pytest.mark.parametrize("name", ["", "-->", "a b", "x" * 101, "é"])
def test_a_name_cannot_leave_its_marker(host: CodeHost, file: str, name: str) -> None:
    assert "is no name for a place" in post("comment", file, "--name", name, status=1)


def test_an_issue_is_opened_updated_and_closed(host: CodeHost, file: str) -> None:
    assert post("issue", file, "--title", "Prices drifted", "--clean") == "there is no issue, and none is needed"
    post("issue", file, "--title", "Prices drifted")
    Path(file).write_text(TEXT.replace("3", "4"), encoding="utf-8")
    post("issue", file, "--title", "Prices drifted")
    (issue,) = host.issues
    assert issue["body"].startswith("### 4 prices")
    assert issue["state"] == "open"
    post("issue", file, "--title", "Prices drifted", "--clean")
    assert issue["state"] == "closed"
    post("issue", file, "--title", "Prices drifted")
    assert [issue["state"] for issue in host.issues] == ["closed", "open"], "a new drift is a new issue"


def test_somebody_elses_issue_and_a_pull_request_are_no_issue_of_ours(host: CodeHost, file: str) -> None:
    body = "x\n\n<!-- pricebook drift -->"
    host.opened(body, "mine", author="mallory")
    host.opened(body, "a pull request", pull_request={})
    post("issue", file, "--title", "Prices drifted")
    assert [issue["title"] for issue in host.issues] == ["mine", "a pull request", "Prices drifted"]


def test_an_issue_whose_answer_was_lost_is_not_opened_twice(host: CodeHost, file: str) -> None:
    host.faults.append(Fault("POST", 502, done=True))
    post("issue", file, "--title", "Prices drifted")
    assert len(host.issues) == 1


def merged(host: CodeHost) -> None:
    host.pulls[MERGE] = [{"number": 12, "merged_at": "2026-01-01T00:00:00Z", "head": {"sha": HEAD}}]


def test_what_was_shown_is_what_was_approved(host: CodeHost) -> None:
    merged(host)
    post("status", "0" * 24, "--commit", HEAD, "--context", "pricebook/production")
    post("status", "1" * 24, "--commit", HEAD, "--context", "pricebook/production")
    post("status", "2" * 24, "--commit", HEAD, "--context", "pricebook/other")
    host.statuses.insert(
        0,
        {
            "sha": HEAD,
            "creator": {"login": "mallory"},
            "context": "pricebook/production",
            "description": "plan " + "3" * 24,
        },
    )
    assert post("approved", "--commit", MERGE, "--context", "pricebook/production") == "1" * 24


def test_a_status_whose_answer_is_lost_is_posted_again_and_in_the_end_that_is_told(
    host: CodeHost, slept: list[float]
) -> None:
    line = ("status", "1" * 24, "--commit", HEAD, "--context", "c")
    host.faults += [Fault("POST", 502), Fault("POST", 503, done=True)]
    post(*line)
    assert {status["description"] for status in host.statuses} == {"plan " + "1" * 24}
    assert slept == [1.0, 2.0]
    host.faults += [Fault("POST", 502)] * 4
    assert "error[code-host]" in (said := post(*line, status=1))
    assert "run the job again" in said


def test_what_nobody_was_shown_is_not_approved(host: CodeHost) -> None:
    line = ("approved", "--commit", MERGE, "--context", "pricebook/production")
    assert "is the merge of no pull request" in post(*line, status=1).replace("\n  ", " ")
    merged(host)
    assert "no plan was shown" in post(*line, status=1)
    host.statuses.append({"sha": HEAD, "creator": {"login": OURS}, "context": line[4], "description": "plan 123"})
    assert "error[not-approved]" in post(*line, status=1)
    host.pulls[MERGE] *= 2
    assert "is the merge of 2 pull requests" in post(*line, status=1).replace("\n  ", " ")


def test_a_digest_and_a_commit_are_whole(host: CodeHost) -> None:
    assert "error[plan-digest]" in post("status", "0" * 23, "--commit", HEAD, "--context", "c", status=1)
    assert "is no full commit id" in post("status", "0" * 24, "--commit", "main", "--context", "c", status=1)
    assert host.seen == []


def test_findings_go_to_code_scanning(host: CodeHost, tmp_path: Path) -> None:
    sarif = tmp_path / "findings.sarif"
    sarif.write_text('{"version": "2.1.0"}', encoding="utf-8")
    post("findings", str(sarif), "--commit", HEAD, "--ref", "refs/pull/12/merge")
    (sent,) = host.scans
    assert gzip.decompress(base64.b64decode(sent["sarif"])).decode() == '{"version": "2.1.0"}'
    assert (sent["commit_sha"], sent["ref"]) == (HEAD, "refs/pull/12/merge")
    assert "is no full reference" in post("findings", str(sarif), "--commit", HEAD, "--ref", "$(id)", status=1)


@pytest.fixture
def gitlab(host: CodeHost, monkeypatch: pytest.MonkeyPatch) -> CodeHost:
    """The same host as GitLab, and the variables of a job on merge request 12."""
    for name, value in {
        "GITLAB_CI": "true",
        "CI_API_V4_URL": host.url,
        "CI_PROJECT_ID": "3",
        "CI_MERGE_REQUEST_IID": "12",
        "PRICEBOOK_GITLAB_TOKEN": TOKEN,
    }.items():
        monkeypatch.setenv(name, value)
    return host


@pytest.mark.usefixtures("gitlab")
def test_a_note_on_a_merge_request(host: CodeHost, file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    host.said(BODY)
    host.comments[0]["author"] = {"id": 8}
    assert post("comment", file) == "note 2"
    host.comments[1]["author"] = {"id": 7}
    changed = TEXT.replace("3", "4")
    Path(file).write_text(changed, encoding="utf-8")
    assert post("comment", file) == "note 2"
    assert [comment["body"] for comment in host.comments] == [BODY, changed]
    monkeypatch.setenv("CI_MERGE_REQUEST_IID", "../1")
    assert "is no number" in post("comment", file, status=1)


def test_an_issue_of_gitlab_is_opened_updated_and_closed(gitlab: CodeHost, file: str) -> None:
    line = ("issue", file, "--title", "Prices drifted", "--name", "compare/provider")
    assert post(*line, "--clean") == "there is no issue, and none is needed"
    mallory = {
        "iid": 1,
        "state": "opened",
        "author": {"id": 8},
        "description": "x\n\n<!-- pricebook compare/provider -->",
    }
    gitlab.issues.append(dict(mallory))
    assert post(*line) == "https://gitlab.example/i/2"
    Path(file).write_text(TEXT.replace("3", "4"), encoding="utf-8")
    for _ in range(2):
        post(*line)
    assert gitlab.issues[1]["description"].startswith("### 4 prices")
    assert [request.split()[0] for request in gitlab.seen].count("PUT") == 1, "what says the same is left alone"
    post(*line, "--clean")
    assert gitlab.issues[1]["state"] == "closed"
    assert gitlab.issues[0] == mallory
    gitlab.faults.append(Fault("POST", 502, done=True))
    post(*line)
    assert len(gitlab.issues) == 3


def test_no_answer_takes_no_longer_than_its_attempts(slept: list[float]) -> None:
    """Nobody listens: four attempts, and then it is said."""
    silent = api.CodeHostApi("http://127.0.0.1:9", {}, "token")
    with pytest.raises(Exception, match="GET /x") as caught:
        silent.get("/x?secret=1")
    assert "secret" not in str(caught.value)
    assert slept == [1.0, 2.0, 4.0]


ODD = (
    *("null", "5", '"no"', "{}", '{"message": "ok"}', '{"data": []}', "[1]", "[null]", "[[]]", '["no"]', "true"),
    *('[{"user": 5}]', '[{"user": {"login": 7}}]', f'[{{"body": 5, "user": {{"login": "{OURS}"}}}}]'),
    *('[{"body": ["x"]}]', '[{"title": {}}]', '[{"merged_at": 5}]', '[{"head": "x"}]', "<html>", "", "[", "NaN"),
)
LISTS = (
    ("comment",),
    ("issue", "--title", "Drift"),
    ("issue", "--title", "Drift", "--clean"),
    ("approved", "--commit", MERGE, "--context", "c"),
)


@pytest.mark.parametrize("words", LISTS, ids=" ".join)
@pytest.mark.parametrize("text", ODD)
def test_a_list_of_another_shape_is_one_error_and_nothing_is_posted(
    host: CodeHost, file: str, words: tuple[str, ...], text: str
) -> None:
    host.faults = [Fault("GET", 200, text=text) for _ in range(9)]
    given = (words[0], file, *words[1:]) if words[0] != "approved" else words
    said = post(*given, status=1)
    assert "error[code-host]" in said
    assert len(said.splitlines()) <= 6
    assert not [request for request in host.seen if not request.startswith("GET")]


@pytest.mark.parametrize("text", ["null", "[]", "5", '"no"', '[{"id": 1}]', "<html>"])
def test_an_answer_to_a_post_that_is_none_is_one_error(host: CodeHost, file: str, text: str) -> None:
    host.faults = [Fault("POST", 200, text=text)]
    assert "error[code-host]" in post("comment", file, status=1)


@pytest.mark.parametrize("item", ["{}", '{"id": "one"}', '{"id": null}', '{"id": 1.5}'])
def test_a_comment_of_ours_that_has_no_number_is_one_error(host: CodeHost, file: str, item: str) -> None:
    ours = {**json.loads(item), "body": "old\n\n<!-- pricebook plan acme/production -->", "user": {"login": OURS}}
    host.faults = [Fault("GET", 200, text=json.dumps([ours]))]
    assert "says no id" in post("comment", file, status=1)


@pytest.mark.parametrize("text", [*ODD, "[]"])
def test_a_user_of_another_shape_is_one_error(
    host: CodeHost, file: str, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("GITLAB_CI", "true")
    monkeypatch.setenv("PRICEBOOK_GITLAB_TOKEN", TOKEN)
    monkeypatch.setenv("CI_PROJECT_ID", "1")
    monkeypatch.setenv("CI_MERGE_REQUEST_IID", "2")
    monkeypatch.setenv("CI_API_V4_URL", host.url)
    host.faults = [Fault("GET", 200, text=text) for _ in range(9)]
    assert "error[code-host]" in post("comment", file, status=1)


WAIVER = {"rule": "annual-price", "covers": "rate-card:tokens", "by": "ada", "people": []}


@pytest.fixture
def approving(host: CodeHost, tmp_path: Path) -> Callable[..., str]:
    """Ask for the digest of a pull request of ada's that brought a waiver along; people are those who may sign it."""
    author = {"user": {"login": "Ada"}}
    host.pulls[MERGE] = [{"number": 12, "merged_at": "2026-01-01T00:00:00Z", "head": {"sha": HEAD}, **author}]
    host.statuses.append({"sha": HEAD, "creator": {"login": OURS}, "context": "c", "description": "plan " + "1" * 24})
    file = tmp_path / "waivers.json"

    def ask(*people: str, status: int = 0, waivers: int = 1) -> str:
        listed = [WAIVER | {"people": list(people)}] * waivers
        file.write_text(json.dumps({"format": "pricebook-answer/validity", "waivers": listed}))
        line = ("approved", "--commit", MERGE, "--context", "c", "--waivers", str(file))
        return " ".join(post(*line, status=status).split())

    return ask


OLD = "c" * 40


@pytest.mark.parametrize(
    ("reviews", "people", "said"),
    [
        ([], (), "approved by nobody somebody other than the author"),
        ([("ada", "APPROVED", HEAD)], (), "approved by nobody"),
        ([("grace", "APPROVED", OLD)], (), "approved by nobody"),
        ([("grace", "COMMENTED", HEAD)], (), "approved by nobody"),
        ([("grace", "APPROVED", HEAD), ("grace", "CHANGES_REQUESTED", HEAD)], (), "approved by nobody"),
        ([("grace", "APPROVED", HEAD), ("grace", "DISMISSED", HEAD)], (), "approved by nobody"),
        ([("bob", "APPROVED", HEAD)], ("grace", "@ada"), "approved by bob alone one of grace has to approve"),
    ],
)
def test_a_waiver_that_nobody_else_approved(
    host: CodeHost,
    approving: Callable[..., str],
    reviews: list[tuple[str, str, str]],
    people: tuple[str, ...],
    said: str,
) -> None:
    for review in reviews:
        host.reviewed(*review)
    answer = approving(*people, status=1)
    assert "error[not-approved] the waiver of annual-price for" in answer
    assert said in answer
    assert approving(waivers=0) == "1" * 24, "without a new waiver nobody is asked"


@pytest.mark.parametrize(
    ("reviews", "people"),
    [
        ([("grace", "APPROVED", HEAD)], ()),
        ([("Grace", "APPROVED", HEAD), ("grace", "COMMENTED", HEAD)], ("@grace", "ada")),
        ([("grace", "CHANGES_REQUESTED", OLD), ("grace", "APPROVED", HEAD)], ("Grace",)),
        ([(f"bot{n}", "COMMENTED", HEAD) for n in range(150)] + [("grace", "APPROVED", HEAD)], ()),
    ],
)
def test_a_waiver_that_somebody_else_approved(
    host: CodeHost, approving: Callable[..., str], reviews: list[tuple[str, str, str]], people: tuple[str, ...]
) -> None:
    for review in reviews:
        host.reviewed(*review)
    assert approving(*people) == "1" * 24


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "pricebook-answer/problems"}',
                                  '{"format": "pricebook-answer/validity", "waivers": 1}'])  # fmt: skip
def test_who_signed_what_has_to_be_known(host: CodeHost, tmp_path: Path, text: str) -> None:
    merged(host)
    file = tmp_path / "waivers.json"
    file.write_text(text)
    line = ("approved", "--commit", MERGE, "--context", "c", "--waivers", str(file))
    assert "error[waivers-file]" in post(*line, status=1)


PUSHED, BEFORE, AFTER = "2026-01-02T10:00:00.000Z", "2026-01-02T09:59:59.000Z", "2026-01-02T12:30:00.000+02:00"


@pytest.fixture
def merge_request(gitlab: CodeHost, tmp_path: Path) -> Callable[..., str]:
    """Ask whether others approved a waiver that came with a merge request of ada's."""
    gitlab.pulls[MERGE] = [
        {"iid": 11, "state": "closed", "author": {"username": "bob"}},
        {"iid": 12, "state": "merged", "author": {"username": "Ada"}},
    ]
    gitlab.versions = [{"created_at": PUSHED}, {"created_at": "2026-01-01T00:00:00.000Z"}]
    file = tmp_path / "waivers.json"

    def ask(*people: str, status: int = 0, **more: str) -> str:
        waiver = WAIVER | {"people": list(people)} | more
        file.write_text(json.dumps({"format": "pricebook-answer/validity", "waivers": [waiver]}))
        return " ".join(post("reviewed", "--commit", MERGE, "--waivers", str(file), status=status).split())

    return ask


def approval(who: str, at: str | None = None) -> dict[str, object]:
    return {"user": {"username": who}} | ({"approved_at": at} if at is not None else {})


@pytest.mark.parametrize(
    ("approvals", "people", "said"),
    [
        ([], (), "merge request 12 of ada, approved by nobody somebody other than the author"),
        ([approval("ada", AFTER)], (), "approved by nobody"),
        ([approval("grace", BEFORE)], (), "approved by nobody"),
        ([approval("grace")], (), "approved by nobody"),
        ([approval("grace", "soon")], (), "approved by nobody"),
        ([approval("bob", AFTER)], ("grace", "@Ada"), "approved by bob alone one of grace has to approve"),
    ],
)
def test_a_waiver_that_nobody_else_approved_on_gitlab(
    gitlab: CodeHost,
    merge_request: Callable[..., str],
    approvals: list[dict[str, object]],
    people: tuple[str, ...],
    said: str,
) -> None:
    gitlab.approvals = approvals
    answer = merge_request(*people, status=1)
    assert "error[not-approved]" in answer
    assert said in answer


def test_a_waiver_that_somebody_else_approved_on_gitlab(gitlab: CodeHost, merge_request: Callable[..., str]) -> None:
    gitlab.approvals = [approval("Grace", AFTER), approval("bob", BEFORE)]
    assert merge_request("@grace") == "1 waiver, all approved by others"
    assert gitlab.seen[0] == f"GET /projects/3/repository/commits/{MERGE}/merge_requests"


def test_when_somebody_approved_is_in_the_notes_of_an_older_gitlab(
    gitlab: CodeHost, merge_request: Callable[..., str]
) -> None:
    gitlab.approvals = [approval("grace")]
    said = {"body": "approved this merge request", "author": {"username": "grace"}}
    gitlab.comments = [
        {**said, "system": True, "created_at": BEFORE},
        {**said, "system": False, "created_at": AFTER},
        {**said, "system": True, "created_at": AFTER, "author": {"username": "bob"}},
    ]
    assert "approved by nobody" in merge_request(status=1), "before the last push, as a comment, by somebody else"
    gitlab.comments.append({**said, "system": True, "created_at": AFTER})
    assert merge_request() == "1 waiver, all approved by others"


@pytest.mark.parametrize("merges", [0, 2])
def test_a_waiver_that_came_without_a_merge_request(
    gitlab: CodeHost, merge_request: Callable[..., str], merges: int
) -> None:
    gitlab.pulls[MERGE] = gitlab.pulls[MERGE][1:] * merges
    assert "sign the waiver anew" in merge_request(status=1)


def test_a_waiver_counts_where_it_came_from(gitlab: CodeHost, merge_request: Callable[..., str]) -> None:
    gitlab.approvals = [approval("grace", AFTER)]
    assert f"{HEAD[:12]} is the merge of no merge request" in merge_request(commit=HEAD, status=1)
    assert "which change brought the waiver of annual-price" in merge_request(commit="", status=1)
    assert merge_request(commit=MERGE) == "1 waiver, all approved by others"


def test_nobody_is_asked_about_no_waiver(host: CodeHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_TOKEN")
    file = tmp_path / "waivers.json"
    file.write_text(json.dumps({"format": "pricebook-answer/validity"}))
    assert post("reviewed", "--waivers", str(file)) == "no waiver to ask about"
    assert host.seen == []
    file.write_text(json.dumps({"format": "pricebook-answer/validity", "waivers": [WAIVER]}))
    assert "GITHUB_TOKEN is not set" in post("reviewed", "--waivers", str(file), status=1), "not asked is not approved"


@pytest.mark.parametrize("text", [*ODD, "[]"])
def test_approvals_of_another_shape_approve_nothing(
    gitlab: CodeHost, merge_request: Callable[..., str], text: str
) -> None:
    gitlab.approvals = [approval("grace", AFTER)]
    gitlab.faults = [Fault("GET", 200, text=text) for _ in range(9)]
    assert "error[" in merge_request(status=1)


@pytest.mark.parametrize("text", ['{"approved_by": 5}', '{"approved_by": [5]}', '{"approved_by": [{"user": 5}]}',
                                  '{"approved_by": [{"approved_at": 5}]}', '{"approved_by": null}', "{}"])  # fmt: skip
def test_who_approved_has_to_be_a_list(gitlab: CodeHost, merge_request: Callable[..., str], text: str) -> None:
    gitlab.faults = [
        Fault("GET", 200, text=json.dumps(gitlab.pulls[MERGE])),
        Fault("GET", 200, text=json.dumps(gitlab.versions)),
        Fault("GET", 200, text=text),
    ]
    assert "error[" in merge_request(status=1)
