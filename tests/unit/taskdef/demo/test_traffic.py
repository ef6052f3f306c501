import asyncio

from outrider.taskdef.demo.example import example
from outrider.taskdef.demo.traffic import PAGE, Visitor


async def answers(bodies: list[bytes]) -> tuple[int, int]:
    """Visits of a server with these answers in turn, until all are given; how many were asked for and counted."""
    asked = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        await reader.readuntil(b"\r\n\r\n")
        body = bodies[min(asked, len(bodies) - 1)]
        asked += 1
        writer.write(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        visitor = Visitor(f"http://127.0.0.1:{port}/", 0)
        await visitor.run(bodies.count(PAGE))
    return asked, visitor.answered


async def test_only_our_own_page_counts() -> None:
    assert await answers([b"a stranger", PAGE, b"", PAGE]) == (4, 2)


def test_the_example_serves_that_page() -> None:
    web = example().task["containerDefinitions"][0]
    assert PAGE.decode() in web["command"][0]
