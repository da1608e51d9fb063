"""`waybridge schema`: describe the configuration file, for editors and for people."""

from __future__ import annotations

import click

from adapter.cli.output import json_text, write, write_json
from adapter.config.reference import json_schema, markdown


@click.command("schema")
@click.option(
    "--markdown", "as_markdown", is_flag=True, help="Print the reference page in Markdown instead."
)
def command(*, as_markdown: bool) -> None:
    """Print the JSON Schema of the configuration file."""
    if as_markdown:
        write(markdown(), newline=False)
    else:
        write_json(json_text(json_schema()))
