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


@pytest.mark.parametrize(
    ("model", "origin", "level"),
    [
        ("x/openai/gpt-4o", "https://openrouter.ai/api/v1", "unknown"),  # each model decides
        ("x/deepseek/deepseek-r1", "https://openrouter.ai/api/v1", "allow"),
        ("x/qwen2.5-7b", "https://gpu.example.com/v1", "unknown"),  # whose terms are these?
        ("x/qwen2.5-7b", "http://10.0.0.5:8000/v1", "allow"),  # a server of one's own
        ("x/qwen2.5-7b", "http://box.local:8000/v1", "allow"),
        ("x/deepseek-r1-distill-llama-8b", "local", "warn"),  # the base's licence stays
        ("x/starcoder2-15b", "local", "warn"),
    ],
)
def test_the_host_and_the_weights_both_have_a_say(model: str, origin: str, level: str) -> None:
    assert judge([Used(model, origin)], purpose="fine-tuning").level == level
    assert judge([Used(model, origin)], purpose="teaching").level == "allow"


def test_unknown_terms_stay_unknown_for_an_evaluation_set() -> None:
    fireworks = Used("x/llama-3.1-8b", "https://api.fireworks.ai")
    assert judge([fireworks], purpose="evaluation").level == "unknown"


@pytest.mark.parametrize(
    ("license", "level"),
    [("CC0-1.0", "allow"), ("cc-by-sa-4.0", "allow"), ("GPL-3.0", "allow"), ("own", "allow"),
     ("CC-BY-NC-4.0", "warn"), ("CC-BY-NC-ND-4.0", "block"), ("All rights reserved", "unknown"),
     ("other", "unknown")],
)  # fmt: skip
def test_a_licence_of_source_rows_that_nobody_knows_is_no_permission(
    license: str, level: str
) -> None:
    rows = [Used("local/smollm2-135m")]
    assert judge(rows, purpose="fine-tuning", source_license=license).level == level
