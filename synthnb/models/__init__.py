"""Models: one protocol, a table of kinds, and ``get_model`` to open one by name.

    model = get_model("local/smollm2-135m", load_settings())
    answer = await model.complete(Request("local/smollm2-135m", ({"role": "user", …},)))

Nothing heavy is imported before a model of that kind is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from synthnb.errors import SettingsError
from synthnb.events import Notice
from synthnb.settings import Settings, split_model
from synthnb.settings.consent import needs_consent
from synthnb.settings.profiles import Profile
from synthnb.types import Model

__all__ = ["KINDS", "get_model", "list_models"]

OnNotice: TypeAlias = Callable[[Notice], None] | None
Factory: TypeAlias = Callable[[Profile, str, Settings, OnNotice, bool], Model]


def _http(
    profile: Profile, model: str, settings: Settings, on_notice: OnNotice, fetch: bool
) -> Model:
    from synthnb.models.http import HTTPModel

    return HTTPModel(profile, model, on_notice=on_notice)


def _local(
    profile: Profile, model: str, settings: Settings, on_notice: OnNotice, fetch: bool
) -> Model:
    from synthnb.models.local import open_model

    return open_model(f"{profile.name}/{model}", settings, fetch=fetch)


def _rules(
    profile: Profile, model: str, settings: Settings, on_notice: OnNotice, fetch: bool
) -> Model:
    from synthnb.models.rules import RuleModel

    return RuleModel(f"{profile.name}/{model}")


KINDS: Mapping[str, Factory] = {"openai": _http, "local": _local, "rules": _rules}
"""Kind of a profile to what opens its models."""


def get_model(
    name: str, settings: Settings, *, on_notice: OnNotice = None, fetch: bool = True
) -> Model:
    """Open ``PROFILE/MODEL``. Sends nothing; without ``fetch`` the embedded model is not
    fetched where it is missing, and cannot be asked.

    Raises ``SettingsError``, one line, for an unknown profile, an absent or malformed key,
    an endpoint off this machine under ``local_only``, or a project's choice that nobody has
    agreed to yet (``ConsentNeeded``).
    """
    profile_name, model = split_model(name, settings)
    profile = settings.profile(profile_name)
    if settings.local_only and not profile.loopback:
        raise SettingsError(
            f"{name} would send rows to {profile.host}, and local_only is set: use a local "
            "model, or lift local_only where it was set"
        )
    if name == settings.model:
        asked = needs_consent(settings=settings)
        if asked is not None:
            raise asked
    return KINDS[profile.kind](profile, model, settings, on_notice, fetch)


async def list_models(profile: str, settings: Settings) -> list[str]:
    """Names that an endpoint offers under ``/models``; asks it once, for 10 s at most.

    Raises ``SettingsError`` or ``ModelError``.
    """
    import dataclasses

    from synthnb.models.http import HTTPModel

    found = settings.profile(profile)
    if found.base_url is None:
        raise SettingsError(f"Profile {profile} is {found.kind}: it has no endpoint to ask")
    model = HTTPModel(dataclasses.replace(found, timeout=min(found.timeout, 10.0)), "a list")
    try:
        return await model.list_models()
    finally:
        await model.aclose()
