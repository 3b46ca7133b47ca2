"""`Workato`: the API client, with one attribute per noun of the API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from random import Random
from types import TracebackType
from typing import Any, Generic, Literal, Self, TypeVar

import bulkops.resources as resources  # noqa: PLR0402 - the package itself looks for names only afterwards
from bulkops.errors import ConfigError
from bulkops.events import Observer, ignore
from bulkops.resources import Pages, generic
from bulkops.secret import Secret
from bulkops.session import ApiSession, RequestContext, account_segment
from bulkops.settings import Auth, Settings, Tuning

N = TypeVar("N")


class _Resource(Generic[N]):
    """A resource of the client, created on first use: a run makes a client for each account, and most operations need
    two or three nouns.
    """

    def __init__(self, kind: Callable[[ApiSession, RequestContext], N]) -> None:
        self._kind = kind

    def __set_name__(self, _: type, name: str) -> None:
        self._name = name

    def __get__(self, client: _Workspace, _: type | None = None) -> N:
        made = self._kind(client._session, client._context())
        vars(client)[self._name] = made
        return made


class _Workspace:
    """The nouns that a customer's workspace and the partner's own answer alike."""

    folders = _Resource(resources.Folders)
    properties = _Resource(resources.Properties)
    export_manifests = _Resource(resources.ExportManifests)
    user_groups = _Resource(resources.CollaboratorGroups)
    project_roles = _Resource(resources.PROJECT_ROLES)
    project_grants = _Resource(resources.ProjectGrants)
    tags = _Resource(resources.TAGS)
    data_tables = _Resource(resources.DATA_TABLES)
    on_prem_groups = _Resource(resources.ON_PREM_GROUPS)
    on_prem_agents = _Resource(resources.ON_PREM_AGENTS)
    genies = _Resource(resources.Genies)
    skills = _Resource(resources.SKILLS)
    knowledge_bases = _Resource(resources.KNOWLEDGE_BASES)
    project_builds = _Resource(resources.ProjectBuilds)
    deployments = _Resource(resources.Deployments)
    api_collections = _Resource(resources.ApiCollections)
    api_endpoints = _Resource(resources.ApiEndpoints)
    api_clients = _Resource(resources.ApiClients)
    api_keys = _Resource(resources.ApiKeys)
    api_clients_v1 = _Resource(resources.ApiClientsV1)
    api_access_profiles = _Resource(resources.ApiAccessProfiles)

    _session: ApiSession

    def _context(self) -> RequestContext:
        raise NotImplementedError


class Account(_Workspace):
    """One customer's workspace. `id`: a number or an E-id, as text."""

    projects = _Resource(resources.AccountProjects)
    recipes = _Resource(resources.AccountRecipes)
    recipe_versions = _Resource(resources.AccountRecipeVersions)
    jobs = _Resource(resources.AccountJobs)
    connections = _Resource(resources.AccountConnections)
    imports = _Resource(resources.Imports)
    exports = _Resource(resources.Exports)
    members = _Resource(resources.Members)
    roles = _Resource(resources.Roles)
    environment_roles = _Resource(resources.EnvironmentRoles)
    custom_oauth_profiles = _Resource(resources.AccountOAuthProfiles)
    customer = _Resource(resources.OwnCustomer)
    api_portals = _Resource(resources.ApiPortals)

    def __init__(self, session: ApiSession, scope: RequestContext) -> None:
        if scope.account is None:
            raise ConfigError("no account given", remedy="use workato.account(id)")
        self.id: str = scope.account
        self._scope = scope
        self._session = session

    def _context(self) -> RequestContext:
        return self._scope

    async def call(self, call_id: str, /, *, body: object = None, all_pages: bool = False, **params: Any) -> Any:
        """As `Workato.call`, for this account."""
        return await _call(self._session, self._scope, call_id, params, body=body, all_pages=all_pages)

    def rows(self, call_id: str, /, **params: Any) -> AsyncIterator[Any]:
        """As `Workato.rows`, for this account."""
        return generic.rows(self._session, self._scope, generic.find_call(call_id), params)

    def __repr__(self) -> str:
        return f"Account({self.id!r})"


class Workato(_Workspace):
    """The partner's account: customers, each customer's workspace, and its own. An async context manager.

        async with Workato.from_env() as workato:
            async for customer in workato.customers.list():
                print(customer.name)

    `customers` are the partner's, `account(id)` is one of them; the other nouns belong to the partner's own workspace.
    All requests of one Workato and its siblings share one session, with its quotas, connections and token.
    """

    customers = _Resource(resources.Customers)
    customer_managers = _Resource(resources.CustomerManagers)
    members = _Resource(resources.PartnerMembers)
    roles = _Resource(resources.PartnerRoles)
    custom_oauth_profiles = _Resource(resources.OAUTH_PROFILES)
    recipes = _Resource(resources.OwnRecipes)
    recipe_versions = _Resource(resources.RecipeVersions)
    jobs = _Resource(resources.OwnJobs)
    packages = _Resource(resources.Packages)
    projects = _Resource(resources.Projects)
    connections = _Resource(resources.Connections)
    connectors = _Resource(resources.Connectors)
    custom_connectors = _Resource(resources.CustomConnectors)

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
        """`host`: a URL or a data center's name; `scheme`: the legacy ones need `email`, the query one puts the token
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

    def with_options(self, *, read_only: bool | None = None, deadline: float | None = None) -> Self:
        """A sibling that shares the session. Options that are not given stay as they are.

        `read_only`: only reads are sent, anything else raises PlanError; `deadline`: loop time after which nothing is.
        """
        sibling = type(self).__new__(type(self))
        sibling._bind(
            self._session,
            owns=False,
            read_only=self._read_only if read_only is None else read_only,
            deadline=self._deadline if deadline is None else deadline,
        )
        return sibling

    def _bind(self, session: ApiSession, *, owns: bool, read_only: bool = False, deadline: float | None = None) -> None:
        self._session = session
        self._owns = owns
        self._read_only = read_only
        self._deadline = deadline

    def _context(self) -> RequestContext:
        return RequestContext(read_only=self._read_only, deadline=self._deadline)

    @property
    def settings(self) -> Settings:
        return self._session.settings

    def account(self, id: str | int) -> Account:  # noqa: A002 - the API's own word
        """The workspace of one customer, by number or E-id; nothing is sent. Raises: InputError for an id that is
        neither."""
        return account_in(self, id, self._context())

    async def call(
        self,
        call_id: str,
        /,
        *,
        account: str | int | None = None,
        body: object = None,
        all_pages: bool = False,
        **params: Any,
    ) -> Any:
        """Any call of the catalogue, by id: plain JSON data, without the envelope that the vendor puts around it.

            await workato.call("managed_users.tags.list", account="EA2300", per_page=50)

        Args:
            account: the customer, if the call acts on one.
            body: the bytes of a file for a call that takes one, else members of the JSON body.
            all_pages: go on to the last page of a list; one request each.
            params: by name, as `bulkops calls ID` lists them; they go into path, query or body as the call defines.
        Raises: ConfigError for a call or parameter that is unknown, missing or of the wrong type, before anything is
            sent; the ApiError tree. OutcomeUnknown: see the call's `look` before sending it again.
        """
        return await _call(self._session, self._scope(account), call_id, params, body=body, all_pages=all_pages)

    def rows(self, call_id: str, /, *, account: str | int | None = None, **params: Any) -> AsyncIterator[Any]:
        """The rows of a list, one by one, a page at a time; nothing is sent before the first. Raises: as `call`."""
        return generic.rows(self._session, self._scope(account), generic.find_call(call_id), params)

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        json: object = None,
        data: bytes | None = None,
    ) -> Any:
        """Send a request that the catalogue does not have; returns the JSON response unchanged.

            await workato.request("GET", "/api/managed_users/EA2300/brand_new", query={"page": 1})

        `path`: percent-encoded, without a query. Nothing but a GET is repeated after an unknown outcome. Counts against
        the quota of the known call at this address, else against an assumed one of 60 a minute.
        Raises: ConfigError; the ApiError tree.
        """
        raw = generic.raw_request(method, path, query=query, json=json, data=data)
        return await generic.request(self._session, self._scope(raw.account), raw)

    def _scope(self, account: str | int | None) -> RequestContext:
        segment = None if account is None else account_segment(account)
        return RequestContext(account=segment, read_only=self._read_only, deadline=self._deadline)

    async def __aenter__(self) -> Self:
        if self._owns:
            await self._session.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._owns:
            await self._session.__aexit__(kind, error, traceback)

    def __repr__(self) -> str:
        return f"Workato({self.settings.url!r})"


def client_over(session: ApiSession) -> Workato:
    """A client over a session that the caller opens and closes."""
    made = Workato.__new__(Workato)
    made._bind(session, owns=False)
    return made


def account_in(workato: Workato, id_: str | int, scope: RequestContext) -> Account:
    """`Workato.account` with a request context of the engine's own. Raises: InputError."""
    scope.account = account_segment(id_)
    return Account(workato._session, scope)


def session_of(owner: Workato | Account | Pages[Any]) -> ApiSession:
    """The session that sends the requests, for the engine and the built-in operations."""
    return owner._session


def scope_of(account: Account) -> RequestContext:
    """The request context of the account, for the engine and the built-in operations."""
    return account._scope


async def _call(
    session: ApiSession,
    scope: RequestContext,
    call_id: str,
    params: Mapping[str, Any],
    *,
    body: object,
    all_pages: bool,
) -> Any:
    wanted = generic.find_call(call_id)
    if not all_pages:
        return await generic.call(session, scope, wanted, params, body=body)
    if body is not None:
        raise ConfigError(f"{call_id}: a call with all_pages takes no body", remedy="leave out the body, or all_pages")
    return [row async for row in generic.rows(session, scope, wanted, params)]
