"""Several TCP connects to each address: what is answered only now and then shows, and a lost packet is not silence."""

from __future__ import annotations

from .connect import connect
from .read import Json

MAX_TARGETS = 32
MAX_TIMES = 8


def reach(targets: dict[str, tuple[str, int]], times: int) -> dict[str, Json]:
    """Connect to each address so many times at once; return by the targets' texts how often each end was seen."""
    attempts = connect({f"{turn} {text}": place for turn in range(times) for text, place in targets.items()})
    found: dict[str, Json] = {}
    for text in targets:
        ends = [attempts[f"{turn} {text}"] for turn in range(times)]
        results = [str(end["result"]) for end in ends if isinstance(end, dict)]
        took = [end["us"] for end in ends if isinstance(end, dict) and end["result"] == "open"]
        found[text] = {
            "results": {word: results.count(word) for word in sorted(set(results))},
            "us": min((us for us in took if isinstance(us, int)), default=0),
        }
    return found
