"""Near duplicates among many texts: MinHash finds candidates, exact Jaccard decides.

A pair is a near duplicate if and only if the Jaccard similarity of its shingle sets is at or
above the threshold; MinHash misses fewer than 2 in 1,000 of the pairs right at it, and less
above. Memory grows by about 0.6 kB per kept text of fifty words.
"""

from synthnb.nearduplicates.hashing import cut
from synthnb.nearduplicates.index import (
    Compared,
    Match,
    NearDuplicateIndex,
    near_duplicates,
)

__all__ = ["Compared", "Match", "NearDuplicateIndex", "cut", "near_duplicates"]
