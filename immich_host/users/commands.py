"""`immich-host admin`: accounts on the terminal of the machine, without a password and without a running server."""

import asyncio
import secrets
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from typing import Annotated, Final, NoReturn

import asyncpg
import orjson
import typer
from rich.console import Console
from rich.table import Table

from immich_host.db.database import Database
from immich_host.db.errors import DATABASE_FAILS
from immich_host.plugin_api.types import wire_time
from immich_host.users import store
from immich_host.users.rows import UserRow

type Address = Callable[[], AbstractContextManager[str]]
"""Opens the database for as long as the block lasts and gives its address."""

FAILED: Final = 1
MISUSED: Final = 2
SHORTEST: Final = 8

Email = Annotated[str, typer.Argument(help="E-mail address of the account.", show_default=False)]


class Failed(Exception):
    """The command cannot do what it was asked for; the message says why and what to do."""


def admin_commands(address: Address) -> typer.Typer:
    """The commands, on the database that `address` opens."""
    app = typer.Typer(
        help="Accounts: list them, reset passwords, grant and revoke administration.", no_args_is_help=True
    )
    _listing(app, address)
    _passwords(app, address)
    _administration(app, address)
    _password_login(app, address)
    return app


def run[T](address: Address, work: Callable[[Database], Awaitable[T]]) -> T:
    """Do work on the database; on failure say why on stderr and exit with 1."""

    async def connected(url: str) -> T:
        db = Database(url, max_connections=2)
        try:
            await db.connect()
            return await work(db)
        finally:
            await db.close()

    try:
        with address() as url:
            return asyncio.run(connected(url))
    except asyncpg.UndefinedTableError:
        _fail("the database is empty: start the server once with `immich-host serve`")
    except DATABASE_FAILS as error:
        _fail(f"the database cannot be used: {error}")
    except Failed as error:
        _fail(str(error))


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(FAILED)


async def _account(db: Database, email: str) -> UserRow:
    row = await store.find_by_email(db, email.strip().lower())
    if row is None:
        raise Failed(f"there is no account with the e-mail address {email}")
    return row


def _listing(app: typer.Typer, address: Address) -> None:
    @app.command("list-users")
    def list_users(
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    ) -> None:
        """List all accounts, deleted ones too."""
        rows = run(address, lambda db: store.everyone(db, with_deleted=True))
        if as_json:
            typer.echo(orjson.dumps([_plain(row) for row in rows], option=orjson.OPT_INDENT_2).decode())
            return
        table = Table("Name", "E-mail", "Administrator", "Status", "Id", box=None)
        for row in rows:
            table.add_row(row.name, row.email, "yes" if row.is_admin else "", row.status, str(row.id))
        Console(width=None if sys.stdout.isatty() else 200).print(table)


def _plain(row: UserRow) -> dict[str, object]:
    return {
        "id": str(row.id),
        "name": row.name,
        "email": row.email,
        "isAdmin": row.is_admin,
        "status": row.status,
        "storageLabel": row.storage_label,
        "quotaSizeInBytes": row.quota_size_in_bytes,
        "quotaUsageInBytes": row.quota_usage_in_bytes,
        "createdAt": wire_time(row.created_at),
    }


def _passwords(app: typer.Typer, address: Address) -> None:
    @app.command("reset-password")
    def reset_password(
        email: Email,
        generate: Annotated[bool, typer.Option("--generate", help="Make a password up and print it.")] = False,
        from_stdin: Annotated[
            bool, typer.Option("--password-stdin", help="Read the password from the first line of standard input.")
        ] = False,
    ) -> None:
        """Set an account's password; without an option it is asked for. The user must change it afterwards."""
        if generate and from_stdin:
            typer.echo("use one of --generate and --password-stdin", err=True)
            raise typer.Exit(MISUSED)
        run(address, lambda db: _account(db, email))
        password = secrets.token_urlsafe(15) if generate else _asked(from_stdin)
        hashed = store.hash_now(password)

        async def work(db: Database) -> None:
            await store.update(db, (await _account(db, email)).id, password=hashed, should_change_password=True)

        run(address, work)
        typer.echo(f"the password of {email} is now: {password}" if generate else f"the password of {email} is set")


def _asked(from_stdin: bool) -> str:
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = typer.prompt("New password", hide_input=True, confirmation_prompt=True)
    if len(password) < SHORTEST:
        typer.echo(f"a password has {SHORTEST} characters at least", err=True)
        raise typer.Exit(MISUSED)
    return password


def _administration(app: typer.Typer, address: Address) -> None:
    @app.command("grant-admin")
    def grant_admin(email: Email) -> None:
        """Make an account an administrator."""

        async def work(db: Database) -> None:
            await store.update(db, (await _account(db, email)).id, is_admin=True)

        run(address, work)
        typer.echo(f"{email} is an administrator")

    @app.command("revoke-admin")
    def revoke_admin(email: Email) -> None:
        """Make an account an ordinary one; the last administrator stays one."""

        async def work(db: Database) -> None:
            async with store.administrators(db):
                row = await _account(db, email)
                if row.is_admin and not await store.other_admin_exists(db, row.id):
                    raise Failed(f"{email} is the last administrator")
                await store.update(db, row.id, is_admin=False)

        run(address, work)
        typer.echo(f"{email} is no administrator")


def _password_login(app: typer.Typer, address: Address) -> None:
    @app.command("enable-password-login")
    def enable_password_login() -> None:
        """Let people sign in by password."""
        run(address, lambda db: store.set_password_login(db, True))
        typer.echo("people may sign in by password")

    @app.command("disable-password-login")
    def disable_password_login() -> None:
        """Let nobody sign in by password; sessions go on."""
        run(address, lambda db: store.set_password_login(db, False))
        typer.echo("nobody may sign in by password")
