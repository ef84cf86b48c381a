"""What a server or a connection did wrong, as one of our errors: whose move is it?

Fatal: no further request can succeed. Retryable: the same request may. Row: this row's
own text is the reason. Every message is one line that names the host, the model and the
*name* of the key; what a server says is quoted after redaction, never trusted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urljoin, urlsplit

import orjson

from synthnb.errors import (
    FatalModelError,
    ModelError,
    RateLimited,
    RetryableModelError,
    RowModelError,
)
from synthnb.models.waits import retry_after
from synthnb.settings.secrets import Secret, redact
from synthnb.types import JSON

__all__ = [
    "ServerError",
    "Where",
    "bad_parameter",
    "from_error_body",
    "from_status",
    "parse_error",
]

_QUOTA_CODES = {
    "insufficient_quota",
    "insufficient_balance",
    "insufficient_credits",
    "insufficient_funds",
    "billing_hard_limit_reached",
    "billing_not_active",
    "quota_exceeded",
    "payment_required",
}
_QUOTA = re.compile(
    r"exceeded your current quota|insufficient[ _](?:quota|balance|credit|fund)"
    r"|out of credit|(?:credit )?balance is too low|requires more credits|billing",
    re.IGNORECASE,
)
_CONTEXT = re.compile(
    r"context[ _](?:length|window|size)|maximum context|prompt is too long|too many tokens"
    r"|exceed_context_size|reduce the length|input is too long|string_above_max_length"
    r"|(?:input|prompt).{0,40}(?:longer|larger|exceeds?).{0,40}(?:tokens|maximum|limit)",
    re.IGNORECASE,
)
_FILTER = re.compile(
    r"content_filter|content_policy|content management policy|responsibleaipolicy"
    r"|moderation|safety (?:system|policy)|flagged|policy_violation",
    re.IGNORECASE,
)
_NO_MODEL = re.compile(
    r"model_not_found|invalid_model|not a valid model|no such model|unknown model"
    r"|model\b.{0,120}(?:does not exist|not found|not supported|is not available)"
    r"|(?:does not exist|not found).{0,40}model",
    re.IGNORECASE,
)
_PARAMETER = re.compile(
    r"(?:parameter|argument|field|value|property|keyword)s?\b[^'\"`]{0,30}"
    r"['\"`]([A-Za-z_][\w.]{0,60})['\"`]"
    r"|['\"`]([A-Za-z_][\w.]{0,60})['\"`][^'\"`]{0,30}(?:parameter|argument|is not supported"
    r"|unsupported|is not permitted|must be|not allowed)",
    re.IGNORECASE,
)
_ROW_PARTS = ("messages", "prompt", "input", "content", "contents")


@dataclass(frozen=True, slots=True)
class Where:
    """Names for messages, and what must not be said."""

    host: str
    model: str
    """Without the profile."""
    profile: str = ""
    secret: Secret | None = None
    key_name: str | None = None

    def quote(self, text: str, limit: int = 240) -> str:
        """A server's words: redacted, on one line, without control characters, cut."""
        text = self.secret.redact(text[:8000]) if self.secret else redact(text[:8000])
        text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        return text if len(text) <= limit else text[: limit - 1] + "…"

    def raw(self, body: bytes | str) -> str:
        """What came, for the row's detail view: redacted, at most 4,000 characters."""
        text = body[:16000].decode("utf-8", "replace") if isinstance(body, bytes) else body
        return (self.secret.redact(text) if self.secret else redact(text))[:4000]


@dataclass(frozen=True, slots=True)
class ServerError:
    """The fields of an error body in any of the usual shapes; empty where absent."""

    message: str = ""
    code: str = ""
    type: str = ""
    param: str = ""
    status: int = 0
    body: JSON = None

    @property
    def words(self) -> str:
        """All of it, to search in."""
        return f"{self.code} {self.type} {self.message}"[:8000]


def parse_error(body: bytes | JSON) -> ServerError:
    """Read OpenAI's, FastAPI's, Google's, Ollama's and plain text error bodies."""
    if isinstance(body, bytes):
        try:
            body = orjson.loads(body)
        except orjson.JSONDecodeError:
            return ServerError(message=_plain(body))
    whole = body
    if isinstance(body, list) and body:
        body = body[0]
    if isinstance(body, str):
        return ServerError(message=body, body=whole)
    if not isinstance(body, dict):
        return ServerError(body=whole)
    error = body.get("error", body)
    if isinstance(error, str):
        return ServerError(message=error, code=_word(body.get("code")), body=whole)
    if not isinstance(error, dict):
        error = body
    detail = error.get("detail", error.get("details"))
    message = error.get("message") or (detail if isinstance(detail, str) else "")
    param = _word(error.get("param"))
    if isinstance(detail, list) and detail and isinstance(detail[0], dict):
        place = detail[0].get("loc")
        steps = [str(s) for s in place if s != "body"] if isinstance(place, list) else []
        param = param or (steps[0] if steps else "")
        message = message or str(detail[0].get("msg", ""))
    number = error.get("code", error.get("status"))
    status = number if isinstance(number, int) and 400 <= number < 600 else 0
    code = _word(error.get("code")) or _word(error.get("status"))
    inner = error.get("innererror")
    code += " " + _word(inner.get("code")) if isinstance(inner, dict) else ""
    kind = _word(error.get("type"))
    return ServerError(str(message), code.strip(), kind, param, status, whole)


def _word(value: JSON) -> str:
    return str(value)[:200] if isinstance(value, str | int) and value is not True else ""


def _plain(body: bytes) -> str:
    """The gist of a text or web page."""
    text = body[:4000].decode("utf-8", "replace")
    title = re.search(r"<(title|h1)[^>]*>([^<]{1,200})", text, re.IGNORECASE)
    return title[2] if title else re.sub(r"<[^>]{0,300}>", " ", text)


def from_status(
    status: int, headers: Mapping[str, str], body: bytes, where: Where, url: str = ""
) -> ModelError:
    """The error behind any status but 200.

    ``headers`` must find names in any case or hold them in lower case.
    """
    if 300 <= status < 400:
        return _redirect(status, headers.get("location", ""), where, url)
    return _classify(status, headers, parse_error(body), where, where.raw(body))


def from_error_body(body: JSON, where: Where, raw: str) -> ModelError:
    """The error in a reply with status 200."""
    error = parse_error(body)
    status = error.status or _STATUS_OF.get(error.code) or _STATUS_OF.get(error.type) or 0
    if not status and (_QUOTA.search(error.words) or error.code in _QUOTA_CODES):
        status = 429
    return _classify(status or 500, {}, error, where, raw)


_STATUS_OF = {
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "rate_limit": 429,
    "insufficient_quota": 429,
    "invalid_api_key": 401,
    "authentication_error": 401,
    "permission_error": 403,
    "model_not_found": 404,
    "not_found_error": 404,
    "invalid_request_error": 400,
    "BadRequestError": 400,
    "context_length_exceeded": 400,
    "content_filter": 400,
    "overloaded_error": 529,
    "server_error": 500,
}


def _redirect(status: int, location: str, where: Where, url: str) -> FatalModelError:
    target = urlsplit(urljoin(url, location)).netloc.rpartition("@")[2] or "nowhere"
    return FatalModelError(
        f"{where.host} redirects to {where.quote(target, 100)} ({status}): nothing was sent "
        f"there; correct the base_url of profile {where.profile}",
        kind="redirect",
        raw=where.raw(location),
    )


_Made: TypeAlias = ModelError | None


def _classify(
    status: int, headers: Mapping[str, str], error: ServerError, where: Where, raw: str
) -> ModelError:
    """The first rule that knows it; order matters (quota before 429, filter before 403)."""
    wait = retry_after(headers, error.body)
    if _is_quota(status, error, wait):
        return FatalModelError(
            f"{where.host} says the account is out of credit or quota ({status}): "
            f"{_said(where, error)}",
            kind="quota",
            raw=raw,
        )
    made = (
        _throttled(status, error, where, raw, wait)
        or _row(status, error, where, raw)
        or _refused(status, error, where, raw)
        or _request(status, error, where, raw)
    )
    if made is not None:
        return made
    return FatalModelError(_says(where, status, error), kind=f"http_{status}", raw=raw)


def _says(where: Where, status: int, error: ServerError) -> str:
    said = where.quote(error.message or error.code)
    return f"{where.host} answered {status} for {where.model}" + (f": {said}" if said else "")


def _said(where: Where, error: ServerError) -> str:
    return where.quote(error.message or error.code) or "it gives no reason"


def _is_quota(status: int, error: ServerError, wait: float | None) -> bool:
    if status == 402 or error.code in _QUOTA_CODES or error.type in _QUOTA_CODES:
        return True
    # Google words its per-minute limit as a quota, and then names a wait.
    return status in (400, 403, 429) and wait is None and bool(_QUOTA.search(error.words))


def _throttled(
    status: int, error: ServerError, where: Where, raw: str, wait: float | None
) -> _Made:
    if status == 429:
        return RateLimited(_says(where, status, error), raw=raw, retry_after=wait)
    if status in (503, 529) and wait is not None:
        message = _says(where, status, error)
        return RateLimited(message, kind="overloaded", raw=raw, retry_after=wait)
    if status in (408, 409, 425) or (status >= 500 and status not in (501, 505)):
        return RetryableModelError(_says(where, status, error), kind="server", raw=raw)
    return None


def _row(status: int, error: ServerError, where: Where, raw: str) -> _Made:
    if status not in (400, 403, 413, 422):
        return None
    said = _said(where, error)
    if status != 403 and (_CONTEXT.search(error.words) or status == 413):
        return RowModelError(
            f"The prompt is too long for {where.model} at {where.host}: {said}",
            kind="context_length",
            raw=raw,
        )
    if _FILTER.search(error.words):
        return RowModelError(
            f"The content filter of {where.host} stopped it: {said}",
            kind="content_filter",
            raw=raw,
        )
    return None


def _refused(status: int, error: ServerError, where: Where, raw: str) -> _Made:
    said = _said(where, error)
    if status in (401, 407):
        key = f"the key in {where.key_name}" if where.key_name else "a request without a key"
        hint = "" if where.key_name else f"; name one as api_key_env in profile {where.profile}"
        return FatalModelError(
            f"{where.host} refuses {key} ({status}): {said}{hint}", kind="auth", raw=raw
        )
    missing = status in (400, 404, 422) and bool(_NO_MODEL.search(error.words))
    if missing or status in (404, 405, 410, 501):
        what = f"the model {where.model}" if missing else f"{where.model} at this address"
        return FatalModelError(
            f"{where.host} does not know {what} ({status}): {said}; `synthnb models` lists "
            f"what profile {where.profile} has",
            kind="not_found",
            raw=raw,
        )
    if status == 403:
        key = f" with the key in {where.key_name}" if where.key_name else ""
        return FatalModelError(
            f"{where.host} does not allow {where.model}{key} (403): {said}",
            kind="forbidden",
            raw=raw,
        )
    return None


def _request(status: int, error: ServerError, where: Where, raw: str) -> _Made:
    """400 and 422: a parameter that no request of the run can send, or this row's text."""
    if status not in (400, 422):
        return None
    param = bad_parameter(error)
    said = _said(where, error)
    if not param or param.split(".")[0].split("[")[0] in _ROW_PARTS:
        return RowModelError(
            f"{where.host} refuses this request to {where.model} ({status}): {said}",
            kind="bad_request",
            raw=raw,
        )
    return FatalModelError(
        f"{where.host} refuses the parameter {where.quote(param, 60)} for {where.model} "
        f"({status}): {said}",
        kind="bad_parameter",
        raw=raw,
    )


def bad_parameter(error: ServerError) -> str:
    """The parameter that a 400 or 422 complains about, empty if it names none."""
    if error.param:
        return error.param
    found = _PARAMETER.search(error.message[:2000])
    return (found[1] or found[2]) if found else ""
