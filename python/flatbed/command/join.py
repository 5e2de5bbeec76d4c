"""`flatbed join`."""

from __future__ import annotations

from typing import Annotated

import typer

import flatbed
from flatbed.command.app import app
from flatbed.command.errors import reported
from flatbed.command.options import OptionFlag, PasswordFileFlag, pairs_of, with_password
from flatbed.command.output import print_grid


@app.command()
def join(
    address: Annotated[str, typer.Argument(help="An address with a database: clickhouse://host/shop.")],
    tables: Annotated[
        list[str],
        typer.Argument(help='Two tables or more: orders, "left customers AS c" (inner, left, right, full, cross).'),
    ],
    on: Annotated[list[str] | None, typer.Option("--on", metavar="A.X=B.Y", help="Columns that must be equal.")] = None,
    column: Annotated[
        list[str] | None,
        typer.Option("--column", metavar="A.X [AS N]", help="Column of the result; without any, all are read."),
    ] = None,
    where: Annotated[str, typer.Option(metavar="SQL", help="Condition that rows must meet.")] = "",
    order_by: Annotated[str, typer.Option(metavar="SQL", help="Expressions to order rows by.")] = "",
    limit: Annotated[int | None, typer.Option(min=0, help="Most rows to read.")] = None,
    propose: Annotated[bool, typer.Option("--propose", help="Show keys that names and types propose.")] = False,
    option: OptionFlag = None,
    password_file: PasswordFileFlag = None,
) -> None:
    """Print the SELECT that joins tables, for `flatbed copy --query`."""
    with reported():
        plan = flatbed.Join()
        for text in tables:
            plan.table(text)
        for text in on or []:
            plan.on(text)
        for text in column or []:
            plan.column(text)
        plan.where, plan.order_by, plan.limit = where, order_by, limit
        plan.look_up(address, options=with_password(address, pairs_of(option, "=", "--option"), password_file))
        if not propose:
            print(plan.sql())
            return
        rows = [[key, f"{score:.1f}", why] for key, score, why in plan.proposals()]
        print_grid(["key", "score", "why"], rows, right=(1,))
