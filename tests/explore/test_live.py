"""What the views of one batch share."""

from __future__ import annotations

import gc
import weakref

from synthnb.desks.review import desk_of
from synthnb.explore.door import answer
from synthnb.review import Decision, apply
from tests.samples import sample_batch


def test_a_review_draws_what_others_decide_and_is_let_go_with_its_views() -> None:
    batch = sample_batch()
    queue, beside = batch.review(), sample_batch(run=batch.run).review("accepted")
    told: dict[str, list[int]] = {"queue": [], "beside": []}
    for name, one in (("queue", queue), ("beside", beside)):
        heard = told[name]
        desk_of(one).join(name, lambda e, heard=heard: heard.append(e["state"]["done"]))
    answer(batch, {"op": "decide", "row": queue.rows[0], "outcome": "drop"})
    assert told["queue"] == [0, 1]
    assert len(told["beside"]) == 2  # a batch that is opened again has the same views
    queue.keep(queue.rows[1])
    apply(batch, [Decision(queue.rows[2], "outcome", "drop")])
    assert told["queue"] == [0, 1, 2, 3]
    assert len(told["beside"]) == 4
    gone = weakref.ref(batch.review())
    gc.collect()
    assert gone() is None
