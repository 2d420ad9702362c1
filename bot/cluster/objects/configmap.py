"""ConfigMaps."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from bot.cluster import addresses, redact, routes
from bot.cluster.objects.base import Object, Part, Resource
from bot.cluster.objects.container import ConfiguredAddress


class ConfiguredRoute(Part, frozen=True, kw_only=True):
    """A path of URLs, and where a gateway sends it."""

    where: str = ""
    """The key of the ConfigMap."""
    path: str = ""
    host: str = ""
    port: int = 0
    """0 where none is written."""


class ConfigMap(Object, frozen=True, kw_only=True):
    """Kept are known settings of kube-proxy and of CNIs; of any other, the addresses in it."""

    resource: ClassVar[Resource] = Resource("", ("v1",), "configmaps")

    data: dict[str, str] = {}
    addresses: tuple[ConfiguredAddress, ...] = ()
    routes: tuple[ConfiguredRoute, ...] = ()

    def __post_init__(self) -> None:
        if self.data and self.metadata.name not in redact.CONFIG_MAPS:
            found = addresses.of_environment(self.data)
            kept = (
                ConfiguredAddress(where=key, host=host, port=port, scheme=scheme) for key, host, port, scheme in found
            )
            msgspec.structs.force_setattr(self, "addresses", (*self.addresses, *kept)[: addresses.MOST])
            ways = (
                ConfiguredRoute(where=key, path=path, host=host, port=port)
                for key, (path, host, port) in routes.of_settings(self.data)
            )
            msgspec.structs.force_setattr(self, "routes", (*self.routes, *ways)[: routes.MOST])
        msgspec.structs.force_setattr(self, "data", redact.settings(self.metadata.name, self.data))
