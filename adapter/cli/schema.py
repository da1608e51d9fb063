"""`waybridge schema`: the configuration file, described for editors and for people."""

from __future__ import annotations

import json

import click

from adapter.configuration.reference import json_schema, markdown


@click.command("schema")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the page for people instead.")
def command(*, as_markdown: bool) -> None:
    """Print the JSON Schema of the configuration file."""
    click.echo(
        markdown() if as_markdown else json.dumps(json_schema(), indent=2), nl=not as_markdown
    )
