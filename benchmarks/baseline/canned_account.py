"""An account that only answers reads, with rates that it made up at its start, each after so many milliseconds.

It does next to nothing for an answer, so that what is measured against it is the client. Prints its port.

python canned_account.py CARDS PRODUCTS_A_CARD PRICES_A_PRODUCT LATENCY_MS
"""

import asyncio
import json
import sys
from typing import Any
from uuid import UUID

USD = {"id": "2714e483-4ff1-48e4-9e25-ac732e8f24f2", "name": "USD (cents)", "is_currency": True}
PAGE = 100


def main() -> None:
    """Serve until the process is ended."""
    cards, products, prices = (int(text) for text in sys.argv[1:4])
    account = Account(cards, products, prices, float(sys.argv[4]) / 1000)
    asyncio.run(account.serve())


class Account:
    """The made-up objects, and the JSON text of every rate."""

    def __init__(self, cards: int, products: int, prices: int, latency: float) -> None:
        self.latency = latency
        self.products = [self._product(number) for number in range(cards * products)]
        self.cards = [self._card(number) for number in range(cards)]
        self.rates: dict[str, dict[str, list[str]]] = {}
        for number, card in enumerate(self.cards):
            own = self.products[number * products : (number + 1) * products]
            self.rates[card["id"]] = {
                product["id"]: [self._rate(product["id"], price) for price in range(prices)] for product in own
            }

    def _product(self, number: int) -> dict[str, Any]:
        state = {"name": f"Product {number}", "created_at": "2025-01-01T00:00:00Z", "created_by": "benchmark"}
        fields = {"pricebook_ref": f"bench/product:product-{number}"}
        return {
            "id": str(UUID(int=number)),
            "type": "FIXED",
            "initial": state,
            "current": state,
            "updates": [],
            "custom_fields": fields,
        }

    def _card(self, number: int) -> dict[str, Any]:
        fields = {"pricebook_ref": f"bench/rate-card:card-{number}"}
        return {"id": str(UUID(int=1 << 64 | number)), "name": f"Card {number}", "custom_fields": fields}

    def _rate(self, product: str, number: int) -> str:
        rate = {"rate_type": "FLAT", "price": 0, "credit_type": USD}
        values = {"provider": "provider", "model": f"model-{number}"}
        item = {
            "entitled": True,
            "product_id": product,
            "product_name": "A product",
            "product_tags": [],
            "product_custom_fields": {"pricebook_ref": "bench/product:product"},
            "rate": rate,
            "starting_at": "2025-01-01T00:00:00+00:00",
            "pricing_group_values": values,
        }
        return json.dumps(item).replace('"price": 0', f'"price": 0.0000{number + 1}')

    def answer(self, path: str, query: dict[str, str], body: dict[str, Any]) -> str:
        """The body of an answer."""
        start = int(query.get("next_page", "0"))
        if path.endswith("getRateSchedule"):
            held = self.rates[str(body["rate_card_id"])]
            wanted = [selector["product_id"] for selector in body.get("selectors", ())] or list(held)
            rows = [row for product in wanted if product in held for row in held[product]]
        else:
            lists: dict[str, list[dict[str, Any]]] = {
                "products/list": self.products,
                "rate-cards/list": self.cards,
                "credit-types/list": [USD],
            }
            found = next((items for name, items in lists.items() if path.endswith(name)), [])
            rows = [json.dumps(item) for item in found[start : start + PAGE + 1]]
            more = json.dumps(str(start + PAGE)) if len(rows) > PAGE else "null"
            return f'{{"data": [{",".join(rows[:PAGE])}], "next_page": {more}}}'
        more = json.dumps(str(start + PAGE)) if start + PAGE < len(rows) else "null"
        return f'{{"data": [{",".join(rows[start : start + PAGE])}], "next_page": {more}}}'

    async def serve(self) -> None:
        """Answer on a free port of this machine."""
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        async with server:
            await server.serve_forever()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                sizes = [line for line in head.lower().split("\r\n") if line.startswith("content-length:")]
                text = await reader.readexactly(int(sizes[0].split(":")[1])) if sizes else b""
                target, _, asked = head.split(" ")[1].partition("?")
                query = dict(pair.split("=", 1) for pair in asked.split("&") if pair)
                await asyncio.sleep(self.latency)
                data = self.answer(target, query, json.loads(text or b"{}")).encode()
                lines = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
                writer.write(lines.encode() + data)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


if __name__ == "__main__":
    main()
