"""Everything that may refuse a run happens here, before the first request."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from synthnb.api.guarding import (
    build_checks,
    caps_of,
    check_asked,
    check_raw,
    check_tape,
    notices,
)
from synthnb.api.planning import folder_of, open_rows, planned
from synthnb.api.stores import shared_store
from synthnb.checks import Check
from synthnb.concurrency import run_sync
from synthnb.engine import Job, build_job
from synthnb.engine.build import cell_models
from synthnb.engine.estimate import Estimate, estimate_run
from synthnb.errors import SettingsError
from synthnb.events import Notice
from synthnb.middleware import (
    Budget,
    Cache,
    Keep,
    Limit,
    Policy,
    Purse,
    Retry,
    Throttle,
)
from synthnb.models import get_model
from synthnb.prices import FREE, Price, price_of
from synthnb.recipe import Recipe
from synthnb.samplers import Plan
from synthnb.settings import Settings, load_settings
from synthnb.settings.profiles import Profile
from synthnb.source import SourceRows
from synthnb.store import Store, StoredRecords
from synthnb.types import Model

__all__ = ["Run", "prepare"]

ASK_REQUESTS = 1000
ASK_USD = 1.0

Opened = Callable[[str], Model]


@dataclass
class Run:
    """A run that is ready to start: nothing has been sent, nothing will be refused.

    ``api.start`` runs it once. As a context manager it lets go of what it opened unless it
    was started by the end of the block.
    """

    id: str
    recipe: Recipe
    wanted: int
    """Rows to end with."""
    plan: Plan
    settings: Settings
    checks: tuple[Check, ...]
    purse: Purse
    model_names: tuple[str, ...]
    store: Store | None
    project: str
    base: Path
    default_model: str
    replayed: bool = False
    """Every answer comes from a tape."""
    record: Path | None = None
    replay: Path | None = None
    since: float = 0.0
    """Answers older than this (Unix time) are not taken from the store."""
    fetch: bool = True
    """Else the run only looks ahead: a model that is missing is not fetched for it."""
    resumed: bool = False
    started: bool = False
    flags: dict[str, Any] = field(default_factory=dict)
    """What was asked beside the recipe; kept with the run, so that a resume knows it."""
    private: bool = False
    """Rows must not leave this machine."""
    frame: Any = None
    """The table in memory that was given as the source, to be saved with the recipe."""
    notices: list[Notice] = field(default_factory=list)
    """What to say as the run starts."""
    policy: Policy = field(default_factory=Policy)
    notify: Callable[[Notice], None] = field(default=lambda notice: None)
    _models: dict[str, Model] = field(default_factory=dict)
    _bare: dict[str, Model] = field(default_factory=dict)
    _limits: dict[str, Limit] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name that the versions of this recipe share."""
        return self.recipe.name or "batch"

    @property
    def in_flight(self) -> int:
        """Requests that all endpoints together may bear."""
        origins: dict[str, int] = {}
        for name in self.model_names:
            profile = self.profile(name)
            origins[profile.name if profile else name] = profile.concurrency if profile else 32
        return sum(origins.values()) or 1

    def profile(self, name: str) -> Profile | None:
        """The profile behind a model name; a tape needs none."""
        try:
            return self.settings.profile_of(name)
        except SettingsError:
            if self.replayed:
                return None
            raise

    def price_for(self, name: str) -> Price | None:
        """Price of a model, ``None`` if nobody knows it."""
        if self.replayed:
            return FREE
        profile = self.profile(name)
        if profile is None:
            return None
        return price_of(profile, name.partition("/")[2])

    def model_for(self, name: str) -> Model:
        """The model ready to ask: cached, retried, throttled, within the budget."""
        name = self.recipe.resolve_model(name) or name
        found = self._models.get(name)
        if found is None:
            found = self._models[name] = self._layered(name)
        return found

    def allow(self, name: str) -> None:
        """Refuse a model that rows may not be sent to, or that a cap in money cannot hold."""
        profile = self.profile(name)
        if profile is not None and self.private and not profile.loopback:
            raise SettingsError(
                f"{name} would send rows to {profile.host}, and they are marked local only: "
                "use a model on this machine"
            )
        if self.purse.caps.usd is not None:
            price, profile_name = self.price_for(name), name.partition("/")[0]
            if price is None or price.currency != "USD":
                what = "is unknown" if price is None else f"is in {price.currency}"
                raise SettingsError(
                    f"The price of {name} {what}, so a budget in USD cannot be kept: set "
                    f"price in profile {profile_name} in USD, or cap tokens"
                )

    def tell(self, said: Notice) -> None:
        """Tell whoever hears this run; nobody does before it starts."""
        self.notify(said)

    def open_models(self) -> None:
        """Open every model that a column names, so that a missing key is found now."""
        for name in self.model_names:
            self._open(name)

    def job(self) -> Job:
        """The engine's job."""
        return build_job(
            self.recipe, self.plan, self.wanted, run_id=self.id, model_for=self.model_for,
            price_for=self.price_for, default_model=self.default_model, checks=self.checks,
            purse=self.purse, store=self.store, in_flight=self.in_flight,
        )  # fmt: skip

    def estimate(self) -> Estimate:
        """What it will take, from earlier rows of the same recipe where there are some, else
        by how its newest version went."""
        before = self._before()
        like, went = ([], "") if before else self._newest()
        job = self.job()
        return estimate_run(
            job.pipeline, self.wanted, before=before, like=like, went=went, checks=self.checks,
            price_for=self.price_for, in_flight=self.in_flight, most=job.slots.cap,
        )  # fmt: skip

    @property
    def question(self) -> str | None:
        """What to ask once before a large run off this machine without a budget."""
        caps = self.purse.caps
        if self.replayed or any((caps.usd, caps.tokens, caps.minutes)):
            return None
        profiles = [self.profile(name) for name in self.model_names]
        hosts = [found.host for found in profiles if found and not found.loopback]
        if not hosts:
            return None
        told = self.estimate()
        dear = told.cost is not None and told.cost.high > ASK_USD
        if not dear and told.requests.expected <= ASK_REQUESTS:
            return None
        said = " · ".join(str(told).splitlines()[:3])
        return (
            f"This run asks {', '.join(dict.fromkeys(hosts))} without a budget: {said}. Go on?"
        )

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *error: object) -> None:
        if not self.started:
            self.drop()

    def drop(self) -> None:
        """``aclose`` for a run that is not to be started."""
        if self._bare:
            run_sync(self.aclose())

    async def aclose(self) -> None:
        """Let go of connections, weights and tapes."""
        for name, model in self._bare.items():
            await self._models.get(name, model).aclose()  # the outermost layer closes all
        self._bare.clear()
        self._models.clear()

    def _before(self) -> list[Any]:
        if self.store is None:
            return []
        fingerprint = self.recipe.fingerprint
        for known in self.store.runs(self.project, self.name):
            if known.fingerprint == fingerprint and known.accepted and known.id != self.id:
                return list(StoredRecords(self.store, known.id)[:500])
        return []

    def _newest(self) -> tuple[list[Any], str]:
        """Rows of the newest version of this name that has some, and what it is called."""
        if self.store is None or self.recipe.name is None:
            return [], ""
        for version in reversed(self.store.versions(self.project, self.name)):
            records = list(StoredRecords(self.store, version.run)[:500])
            if any(record.accepted for record in records):
                return records, f"version {version.number}"
        return [], ""

    def _open(self, name: str) -> Model:
        found = self._bare.get(name)
        if found is not None:
            return found
        if self.replay is None:
            self.allow(name)
        if self.replay is not None:
            from synthnb.models.tape import Replay

            found = Replay(self.replay, name)
        else:
            found = get_model(name, self.settings, on_notice=self.tell, fetch=self.fetch)
        self._bare[name] = found
        return found

    def _layered(self, name: str) -> Model:
        model: Model = self._open(name)
        if self.replay is not None:
            return Budget(model, self.purse, FREE)
        limit = self._limits.get(model.origin)
        if limit is None:
            profile = self.profile(name)
            host = profile.host if profile else model.origin
            limit = self._limits[model.origin] = Limit(
                profile.concurrency if profile else 32,
                on_notice=lambda said: self.tell(Notice(f"{host}: {said}", "pause")),
            )
        model = Budget(model, self.purse, self.price_for(name))
        if self.store is None:
            model = Retry(Throttle(model, limit), self.policy)
        else:
            keep = Keep(
                model, self.store, since=self.since,
                on_notice=lambda said: self.tell(Notice(said, "store")),
            )  # fmt: skip
            price = self.price_for(name)
            model = Cache(
                Retry(Throttle(keep, limit), self.policy), keep,
                lambda asked, said: self.purse.found(asked, said, price),
            )  # fmt: skip
        if self.record is not None:
            from synthnb.models.tape import Recorder

            model = Recorder(model, self.record)
        return model


def prepare(
    recipe: Recipe,
    n: int | None = None,
    *,
    model: str | None = None,
    source: Any = None,
    settings: Settings | None = None,
    record: str | Path | None = None,
    replay: str | Path | None = None,
    cache: bool = True,
    budget: float | None = None,
    checks: Any = None,
    store: Store | None = None,
    project: str | Path | None = None,
    run_id: str | None = None,
    policy: Policy | None = None,
    fetch: bool = True,
) -> Run:
    """Make a run ready, or raise the one line that says why it cannot be.

    ``source`` is a DataFrame, a list of dicts or a file that takes the place of the
    recipe's; ``record`` and ``replay`` name tapes; ``cache=False`` asks again even where
    an answer is stored; ``budget`` is a cap in USD; ``project`` is the folder that versions
    belong to (the working folder); ``checks`` adds the user's own: functions by name, or
    a Python file that holds them; ``policy`` is how patiently faults are met. Without
    ``fetch`` the embedded model is not fetched. A run that goes on (``run_id``) keeps its
    recipe, and so its row ids, whatever its file of rows is called now.
    """
    settings = settings or load_settings()
    n = check_asked(recipe, n)
    if model is not None:
        recipe = recipe.replace(model=model)
    base = folder_of(recipe)
    recipe, rows = open_rows(recipe, source, base, goes_on=run_id is not None)
    wanted, plan = planned(recipe, rows, n)
    models = cell_models(recipe, settings.model)
    names = tuple(dict.fromkeys(name for column in models.values() for name in column))
    where = Path(project) if project is not None else Path.cwd()
    run = Run(
        run_id or secrets.token_hex(4), recipe, wanted, plan, settings, (),
        Purse(caps_of(recipe, settings, budget)), names,
        store or shared_store(), str(where.resolve()), base,
        settings.model, replay is not None, _path(record), _path(replay),
        since=0.0 if cache else time.time(), policy=policy or Policy(), fetch=fetch,
    )  # fmt: skip
    if source is not None and not isinstance(source, str | os.PathLike | SourceRows):
        # Whoever asked for surrogates does not want the real rows in the folder.
        run.frame = None if recipe.source and recipe.source.surrogates else source
    run.flags = _flags(budget=budget, checks=checks, record=record, replay=replay)
    try:
        check_tape(run, rows)
        check_raw(run)
        run.open_models()
        run.checks = build_checks(run, rows, checks)
        run.notices = notices(run, rows)
        run.job()  # whatever a column gets wrong shows now
    except BaseException:
        run.drop()
        raise
    return run


def _path(path: str | Path | None) -> Path | None:
    return Path(path) if path is not None else None


def _flags(**asked: Any) -> dict[str, Any]:
    """What can be written down of it: functions given as checks cannot."""
    flags: dict[str, Any] = {}
    for name, value in asked.items():
        if isinstance(value, Path | str) and value:
            flags[name] = str(Path(value).resolve())
        elif isinstance(value, list) and all(isinstance(one, Path | str) for one in value):
            flags[name] = [str(Path(one).resolve()) for one in value]
        elif isinstance(value, float | int):
            flags[name] = value
    return flags
