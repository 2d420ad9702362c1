"""Where data may be: the regions that the settings allow to each namespace."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.facts.scope import Scope

OTHERS = "*"
"""Stands for every namespace that has no regions of its own."""

ASKS = re.compile(
    r"\b(?:residency|sovereignty|jurisdictions?|gdpr|(?:which|what|wrong|other|another) regions?"
    r"|(?:leav|left|cross)\w* (?:the |our )?(?:\w+ )?(?:country|region|eu|borders?)"
    r"|(?:data|traffic|records?) (?:\w+ )?(?:sits?|stays?|stored|kept|lives?|located|is in)|abroad)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Residency:
    """What the settings say about regions."""

    regions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Regions by namespace; under ``*`` those of every other one."""
    outside: Mapping[str, str] = field(default_factory=dict)
    """The region of each host outside that is known."""

    def applied_to(self, scope: Scope, text: str) -> Scope:
        """Return a scope with the regions its namespaces may use, and whether its symptom asks for them."""
        wanted = sorted({*self.regions} - {OTHERS}) if scope.cluster_wide else scope.namespaces
        allowed = {name: self.regions.get(name, self.regions.get(OTHERS, ())) for name in wanted}
        return dataclasses.replace(
            scope,
            outside_region=self.outside.get(scope.outside_host, ""),
            regions_allowed=tuple((name, tuple(regions)) for name, regions in allowed.items() if regions),
            asks_residency=bool(ASKS.search(text)),
        )
