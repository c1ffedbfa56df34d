"""A server's connections, cut off right after a transaction was committed: the client never hears of it."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

COMMIT = b"COMMIT"


class Severed:
    """A port that leads to a server. The answers to the next `cuts` commits do not come through, nor anything after."""

    def __init__(self, port: int) -> None:
        self._server = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.cuts = 0
        Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        """Ask and answer in turn, as the protocol does."""
        with client, socket.create_connection(("127.0.0.1", self._server)) as server, suppress(OSError):
            back = Thread(target=self._answer, args=(server, client), daemon=True)
            back.start()
            while asked := client.recv(1 << 16):
                if self.cuts and COMMIT in asked:
                    self.cuts -= 1
                    client.shutdown(socket.SHUT_RDWR)  # before the server hears of it
                    server.sendall(asked)
                    back.join(10)
                    return
                server.sendall(asked)
            server.shutdown(socket.SHUT_WR)
            back.join(10)

    @staticmethod
    def _answer(server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while answer := server.recv(1 << 16):
                client.sendall(answer)


@contextmanager
def severed(port: int) -> Iterator[Severed]:
    """Such a port, for as long as it takes."""
    made = Severed(port)
    try:
        yield made
    finally:
        made.close()
