"""The door to the `mcp` SDK: the tools of `cli.agent_tool`, served over standard input and output."""

import json
from collections.abc import Sequence
from pathlib import Path
from subprocess import DEVNULL

import anyio
from mcp import types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError

from pricebook import __version__
from pricebook.cli.agent_tool import DATA, INSTRUCTIONS, NOTICE, TOOLS, inert, line_of, refusal
from pricebook.format.escape import escape_terminal
from pricebook.problem import Problem, Rejected, did_you_mean, quote

LARGEST = 8 << 20
"""Bytes of an answer."""
AT_ONCE = 2
"""So many commands run at a time; others wait."""


def serve(root: Path, shared: Sequence[str]) -> None:
    """Serve the project at `root` until whoever started this closes standard input. `shared` are options that every
    command is told."""
    anyio.run(_serve, root, shared)


async def _serve(root: Path, shared: Sequence[str]) -> None:
    limiter = anyio.CapacityLimiter(AT_ONCE)

    async def list_tools(_: object, __: object) -> types.ListToolsResult:
        return types.ListToolsResult(tools=list(map(_declared, TOOLS)))

    async def call_tool(_: object, asked: types.CallToolRequestParams) -> types.CallToolResult:
        if asked.name not in TOOLS:
            hint = did_you_mean(asked.name, TOOLS) or f"tools: {', '.join(TOOLS)}"
            named = inert(escape_terminal(quote(asked.name)))
            raise MCPError(types.INVALID_PARAMS, f"there is no tool {named}; {hint}")
        try:
            line = line_of(asked.name, asked.arguments or {}, root, shared)
        except Rejected as rejected:
            return _result(refusal(rejected.problems))
        async with limiter:
            return _result(await _answer(line))

    server = Server(
        "pricebook",
        version=__version__,
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )
    async with stdio_server() as (reads, writes):
        await server.run(reads, writes, server.create_initialization_options())


def _declared(name: str) -> types.Tool:
    tool = TOOLS[name]
    return types.Tool(
        name=name,
        description=f"{tool.words} As `pricebook {name} --format json`. {DATA}",
        input_schema=tool.input_schema,
        output_schema=tool.output_schema,
        annotations=types.ToolAnnotations(
            read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
        ),
    )


def _result(document: str) -> types.CallToolResult:
    """An answer, as the text that the command wrote and as data; an error where the command refused."""
    data = json.loads(document)
    content = [types.TextContent(text=text) for text in (NOTICE, inert(document))]
    return types.CallToolResult(
        content=list(content), structured_content=data, is_error=data["format"] == "pricebook-answer/problems"
    )


async def _answer(line: Sequence[str]) -> str:
    """The document that a command writes. One that is not waited for any more is ended."""
    out, said = bytearray(), bytearray()

    async def drain() -> None:
        """What it tells besides goes to whoever reads our log."""
        assert process.stderr is not None
        async for part in process.stderr:
            said.extend(part[: 10_000 - len(said)])
            log.write(part)
            log.flush()

    with open(2, "wb", closefd=False) as log:
        async with await anyio.open_process(line, stdin=DEVNULL) as process, anyio.create_task_group() as group:
            group.start_soon(drain)
            assert process.stdout is not None
            async for part in process.stdout:
                out.extend(part)
                if len(out) > LARGEST:
                    process.kill()
                    hint = "ask for less: one environment, one object, fewer rows"
                    message = f"the answer has more than {LARGEST:,} bytes"
                    group.cancel_scope.cancel()
                    return refusal([Problem("too-large", message, hint=hint)])
    text = out.decode("utf-8").rstrip("\n")
    if text.startswith("{"):
        return text
    _, _, wrong = f"\n{said.decode('utf-8', 'replace').strip()}".rpartition(
        "\nError: "
    )  # below what click says of usage
    words = escape_terminal(wrong.strip() or "the command ended without an answer")
    return refusal([Problem("value", words)])
