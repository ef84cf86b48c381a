"""Word-level highlights."""

from __future__ import annotations

from synthnb.diff.words import Parts, clipped, compare, differences


def marked(parts: Parts) -> list[str]:
    return [text for on, text in parts if on]


def whole(parts: Parts) -> str:
    return "".join(text for _, text in parts)


OLD = "The music is too loud and the earbuds can't hear you. They can be bought."
NEW = "The speaker is too loud and it can be heard far. I will replace it."


def test_differences_where_much_is_shared() -> None:
    a, b, mode = compare("The lid is loose, and hot.", "The lid was loose and very hot.")
    assert mode == "differences"
    assert (marked(a), marked(b)) == (["is", ","], ["was", "very"])


def test_shared_runs_where_little_is() -> None:
    a, b, mode = compare(
        "I will keep it, but only when it comes with a free upgrade and a new box.",
        "The battery is clean and the laptop a lifesaver. I have one of these at home. "
        "Best laptop ever and I will keep it but only just, no more.",
    )
    assert mode == "shared"
    assert marked(a) == ["I will keep it, but only"]
    assert marked(b) == ["I will keep it but only"]


def test_nothing_of_a_text_is_lost() -> None:
    texts = [
        OLD,
        NEW,
        "",
        " \n\t",
        "…!?",
        "猫が好きです",
        "a  b\n\nc",
        "x" * 9000,
        "the " * 4000,
    ]
    for old in texts:
        for new in texts:
            a, b, _ = compare(old, new)
            assert (whole(a), whole(b)) == (old, new)
            c, d = differences(old, new)
            assert (whole(c), whole(d)) == (old, new)


def test_scripts_without_spaces_are_compared_by_character() -> None:
    a, b, mode = compare("猫が好きです", "犬が好きです")
    assert mode == "differences" and (marked(a), marked(b)) == (["猫"], ["犬"])


def test_signs_stay_with_their_letters() -> None:
    a, b, _ = compare("यह केतली अच्छी है", "यह केतली खराब है")
    assert (marked(a), marked(b)) == (["अच्छी"], ["खराब"])
    a, b, _ = compare("กาต้มน้ำนี้ดีมาก", "กาต้มน้ำนี้แย่มาก")
    assert (marked(a), marked(b)) == (["ดี"], ["แย่"])
    a, b, _ = compare("a cafe\u0301 here", "a caf\u00e9 here")  # the same letter, written twice
    assert marked(a) == marked(b) == []


def test_a_change_behind_a_long_beginning_is_marked() -> None:
    a, b, _ = compare("word " * 900 + "one", "word " * 900 + "two")
    assert (marked(a), marked(b)) == (["one"], ["two"])
    a, b, _ = compare("字" * 900 + "甲", "字" * 900 + "乙")
    assert (marked(a), marked(b)) == (["甲"], ["乙"])


def test_texts_without_a_word_are_compared_by_their_signs() -> None:
    a, b, mode = compare("?!", "?…")
    assert (mode, marked(a), marked(b)) == ("differences", ["!"], ["…"])


def test_a_cut_is_no_difference() -> None:
    a, b, _ = compare("Well, " + "it is so " * 99, "Well, well, " + "it is so " * 99)
    assert marked(clipped(a, 60)) == [] and marked(clipped(b, 60)) == ["well,"]
    assert len(whole(clipped(b, 60))) == 60 and whole(clipped(b, 60)).endswith("…")
    assert clipped(b, 9000) == b


def test_case_alone_is_no_difference() -> None:
    a, b, _ = compare("The Lid is loose", "the lid is loose")
    assert marked(a) == marked(b) == []
