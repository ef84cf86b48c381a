"""The registry's verdicts, as a person who wants to publish rows reads them."""

from __future__ import annotations

from datetime import date

import pytest

from synthnb.terms import Used, findings, judge, registry_age


@pytest.mark.parametrize(
    ("model", "origin", "purpose", "level"),
    [
        ("local/smollm2-135m", "local:b179", "fine-tuning", "allow"),
        ("openai/gpt-5-mini", "https://api.openai.com", "fine-tuning", "warn"),
        ("openai/gpt-5-mini", "https://api.openai.com", "evaluation", "allow"),
        ("openai/gpt-5-mini", "https://api.openai.com", None, "unknown"),
        ("claude/opus", "https://api.anthropic.com", "alignment", "block"),
        ("claude/opus", "https://api.anthropic.com", "teaching", "allow"),
        ("lab/llama-3-8b", "http://127.0.0.1:8000", "fine-tuning", "block"),
        ("lab/meta-llama/Llama-3.1-8B", "http://127.0.0.1:8000", "fine-tuning", "warn"),
        ("lab/qwen2.5-3b", "http://127.0.0.1:8000", "evaluation", "warn"),
        ("mistral/mistral-large-latest", "https://api.mistral.ai", "fine-tuning", "allow"),
        ("lab/our-own-model", "http://127.0.0.1:8000", "fine-tuning", "unknown"),
        ("lab/our-own-model", "http://127.0.0.1:8000", "teaching", "allow"),
    ],
)
def test_verdicts(model: str, origin: str, purpose: str | None, level: str) -> None:
    assert judge([Used(model, origin)], purpose=purpose).level == level


def test_the_strictest_of_all_models_and_sources_decides() -> None:
    mixed = judge(
        [Used("local/smollm2-135m"), Used("grok/grok-2", "https://api.x.ai")],
        purpose="fine-tuning",
        source_license="CC-BY-SA-4.0",
    )
    assert mixed.level == "block"
    assert "xAI" in mixed.sentence
    assert "share the rows under the same licence" in mixed.duties


def test_unstated_source_licence_is_unknown_not_guessed() -> None:
    verdict = judge([Used("local/smollm2-135m")], purpose="fine-tuning", has_source=True)
    assert verdict.level == "unknown"


def test_every_finding_names_its_document_or_licence() -> None:
    (found,) = findings(Used("openai/gpt-5", "https://api.openai.com"), "fine-tuning")
    assert found.document == "OpenAI Services Agreement 3.3(e)"
    assert found.document_date == "2026-01-01"
    assert "conditional" not in str(found)


def test_registry_tells_its_age() -> None:
    assert registry_age(date(2026, 12, 2)) == 10
