"""A click program of ten lines."""

import click


@click.command()
@click.version_option("1.0", prog_name="hello")
@click.option("--name", default="world", help="Whom to greet.")
def hello(name: str) -> None:
    """Greet somebody."""
    click.echo(f"Hello, {name}!")


hello()
