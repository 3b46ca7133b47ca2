"""`Workato`, the front door to the API: settings in, nouns out."""

from __future__ import annotations

from random import Random
from types import TracebackType
from typing import Literal, Self

from bulkops.errors import ConfigError
from bulkops.events import Observer, ignore
from bulkops.resources import Connections, Customers, Folders, Imports, Recipes
from bulkops.secret import Secret
from bulkops.session import ApiSession, Scope, account_segment
from bulkops.settings import Auth, Settings, Tuning


class Account:
    """One customer's workspace. `id`: as the API takes it, a number or an E-id, as text; `scope`: who asks for it."""

    def __init__(self, session: ApiSession, scope: Scope) -> None:
        if scope.account is None:
            raise ConfigError("the scope of an account names no account", remedy="use workato.account(id)")
        self.id: str = scope.account
        self.scope = scope
        self.folders = Folders(session, scope)
        self.recipes = Recipes(session, scope)
        self.connections = Connections(session, scope)
        self.imports = Imports(session, scope)

    def __repr__(self) -> str:
        return f"Account({self.id!r})"


class Workato:
    """The partner's account: customers, and each customer's workspace. An async context manager.

        async with Workato.from_env() as workato:
            async for customer in workato.customers.list():
                print(customer.name)

    All requests of one Workato and its siblings share one session: its quotas, its connections, its token.
    """

    def __init__(
        self,
        *,
        token: str | Secret | None = None,
        host: str = "us",
        scheme: Literal["bearer", "legacy-headers", "legacy-query"] = "bearer",
        email: str | None = None,
        tuning: Tuning | None = None,
        observe: Observer = ignore,
        rng: Random | None = None,
    ) -> None:
        """`host`: a URL or a data centre's name; `scheme`: the legacy ones need `email`, the query one puts the token
        into URLs. Raises: ConfigError."""
        if token is None:
            raise ConfigError("no API token", remedy="give token=..., or use Workato.from_env()")
        secret = token if isinstance(token, Secret) else Secret(token)
        auth = Auth(token=secret, scheme=scheme, email=email)
        settings = Settings(url=host, auth=auth, tuning=tuning or Tuning())
        self._bind(ApiSession(settings, observe=observe, rng=rng), owns=True)

    @classmethod
    def from_env(cls, *, tuning: Tuning | None = None, observe: Observer = ignore, rng: Random | None = None) -> Self:
        """Token and host from WORKATO_API_TOKEN and WORKATO_HOST, read now. Raises: ConfigError."""
        return cls.from_settings(Settings.from_env(tuning=tuning), observe=observe, rng=rng)

    @classmethod
    def from_settings(cls, settings: Settings, *, observe: Observer = ignore, rng: Random | None = None) -> Self:
        made = cls.__new__(cls)
        made._bind(ApiSession(settings, observe=observe, rng=rng), owns=True)
        return made

    @classmethod
    def over(cls, session: ApiSession, *, read_only: bool = False, deadline: float | None = None) -> Self:
        """A client over a session that somebody else opens and closes."""
        made = cls.__new__(cls)
        made._bind(session, owns=False, read_only=read_only, deadline=deadline)
        return made

    def with_options(self, *, read_only: bool | None = None, deadline: float | None = None) -> Self:
        """A sibling that shares the session. What is not given stays as it is here.

        `read_only`: only reads are sent, anything else raises PlanError; `deadline`: loop time after which nothing is.
        """
        return self.over(
            self.session,
            read_only=self._read_only if read_only is None else read_only,
            deadline=self._deadline if deadline is None else deadline,
        )

    def _bind(self, session: ApiSession, *, owns: bool, read_only: bool = False, deadline: float | None = None) -> None:
        self.session = session
        self._owns = owns
        self._read_only = read_only
        self._deadline = deadline
        self.customers = Customers(session, Scope(read_only=read_only, deadline=deadline))

    @property
    def settings(self) -> Settings:
        return self.session.settings

    def account(self, id: str | int, *, scope: Scope | None = None) -> Account:  # noqa: A002 - the API's own word
        """The workspace of one customer, by number or E-id; nothing is sent. `scope`: who asks, if not a new one.

        Raises: InputError for an id that is neither.
        """
        account = account_segment(id)
        if scope is None:
            scope = Scope(read_only=self._read_only, deadline=self._deadline)
        scope.account = account
        return Account(self.session, scope)

    async def __aenter__(self) -> Self:
        if self._owns:
            await self.session.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._owns:
            await self.session.__aexit__(kind, error, traceback)

    def __repr__(self) -> str:
        return f"Workato({self.settings.url!r})"
