"""Containers: ports, probes, and the addresses they are configured with."""

from __future__ import annotations

import msgspec

from bot.cluster import addresses, corefile, redact
from bot.cluster.objects.base import Part


class ContainerPort(Part, frozen=True, kw_only=True):
    name: str = ""
    container_port: int = 0
    host_port: int = 0
    host_ip: str = msgspec.field(default="", name="hostIP")
    protocol: str = "TCP"


class HttpGet(Part, frozen=True, kw_only=True):
    path: str = "/"
    port: int | str = 0
    scheme: str = "HTTP"

    def __post_init__(self) -> None:
        if "?" in self.path:
            msgspec.structs.force_setattr(self, "path", redact.without_query(self.path))


class TcpSocket(Part, frozen=True, kw_only=True):
    port: int | str = 0


class Grpc(Part, frozen=True, kw_only=True):
    port: int = 0


class ExecAction(Part, frozen=True, kw_only=True):
    """A command probe. The command itself may hold a secret and is not read."""


class Probe(Part, frozen=True, kw_only=True):
    http_get: HttpGet | None = None
    tcp_socket: TcpSocket | None = None
    grpc: Grpc | None = None
    exec: ExecAction | None = None
    period_seconds: int = 10
    timeout_seconds: int = 1


class ConfiguredAddress(Part, frozen=True, kw_only=True):
    """An address in a configuration. The value it stands in is not kept."""

    where: str = ""
    """A variable, a key of a ConfigMap, or ``command`` and ``args``."""
    host: str = ""
    port: int = 0
    """0 where none is written."""
    scheme: str = ""
    """Of a URL, as far as it is a well-known one."""


class ConfigMapKey(Part, frozen=True, kw_only=True):
    name: str = ""
    key: str = ""
    variable: str = ""
    """That takes its value from there."""


class EnvSource(Part, frozen=True, kw_only=True):
    config_map_key_ref: ConfigMapKey | None = None


class EnvVar(Part, frozen=True, kw_only=True):
    """Decoded, and reduced to its address at once."""

    name: str = ""
    value: str = ""
    value_from: EnvSource = EnvSource()


class ConfigMapRef(Part, frozen=True, kw_only=True):
    name: str = ""


class EnvFrom(Part, frozen=True, kw_only=True):
    config_map_ref: ConfigMapRef = ConfigMapRef()


class Lifecycle(Part, frozen=True, kw_only=True):
    pre_stop: ExecAction | None = None
    """Its command or request is not read."""


class Resources(Part, frozen=True, kw_only=True):
    limits: dict[str, int | float | str] = {}
    """Quantities, as written."""


class Container(Part, frozen=True, kw_only=True):
    """Of environment, command and arguments only the addresses are kept, see :mod:`bot.cluster.addresses`."""

    name: str = ""
    image: str = ""
    restart_policy: str = ""
    """``Always``: an init container that goes on running beside the others."""
    ports: tuple[ContainerPort, ...] = ()
    resources: Resources = Resources()
    readiness_probe: Probe | None = None
    startup_probe: Probe | None = None
    lifecycle: Lifecycle = Lifecycle()
    addresses: tuple[ConfiguredAddress, ...] = ()
    config_maps: tuple[str, ...] = ()
    """Names of those that become environment as a whole."""
    config_map_keys: tuple[ConfigMapKey, ...] = ()
    dns_overrides: tuple[str, ...] = ()
    """Arguments of dnsmasq that give a name an answer of its own."""
    dns_upstreams: tuple[str, ...] = ()
    """Servers that dnsmasq is told to ask for everything else; for one domain: ``x.example=192.0.2.1``."""
    unresolved: tuple[str, ...] = ()
    """Addresses in variables that name one not set before them: ``BACKEND_URL: $(BACKEND_HOST), set behind it``."""
    settings: dict[str, str] = {}
    """Known variables (of CNIs, and ``NO_PROXY``), and known flags, as ``--proxy-mode``."""
    env: tuple[EnvVar, ...] = ()
    env_from: tuple[EnvFrom, ...] = ()
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not (self.env or self.env_from or self.command or self.args):
            return
        environment = addresses.of_environment({item.name: item.value for item in self.env if item.value})
        found = [
            ConfiguredAddress(where=name, host=host, port=port, scheme=scheme)
            for name, host, port, scheme in environment
        ]
        for where, words in (("command", self.command), ("args", self.args)):
            texts = dict.fromkeys(address for word in words for address in addresses.of_text(word))
            found += [
                ConfiguredAddress(where=where, host=host, port=port, scheme=scheme) for host, port, scheme in texts
            ]
        refs = ((item.name, item.value_from.config_map_key_ref) for item in self.env)
        keys = [ConfigMapKey(name=ref.name, key=ref.key, variable=name) for name, ref in refs if ref]
        names = [item.config_map_ref.name for item in self.env_from if item.config_map_ref.name]
        set_field = msgspec.structs.force_setattr
        set_field(self, "addresses", (*self.addresses, *found)[: addresses.MOST])
        set_field(self, "config_map_keys", (*self.config_map_keys, *keys))
        set_field(self, "config_maps", (*self.config_maps, *names))
        set_field(
            self,
            "unresolved",
            self.unresolved
            or addresses.unresolved(((item.name, item.value) for item in self.env), others=bool(self.env_from)),
        )
        set_field(self, "dns_overrides", self.dns_overrides or corefile.dnsmasq((*self.command, *self.args)))
        set_field(self, "dns_upstreams", self.dns_upstreams or corefile.dnsmasq_servers((*self.command, *self.args)))
        known = redact.container_settings({item.name: item.value for item in self.env}, (*self.command, *self.args))
        set_field(self, "settings", self.settings | known)
        for field in ("env", "env_from", "command", "args"):
            set_field(self, field, ())
