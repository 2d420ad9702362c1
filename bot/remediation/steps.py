"""What a playbook can do: each kind of step as a value. Every text of a step may have holes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.cluster.writer import JOB, POLICY, WRITABLE, Json
from bot.facts.base import Value
from bot.remediation.fieldpath import FieldPath, Item

Permissions = frozenset[tuple[str, str]]
"""Verbs and resources: ``("patch", "services")``."""
POLICY_PERMISSIONS: Permissions = frozenset((verb, WRITABLE[POLICY].permission) for verb in ("get", "create", "delete"))
"""What making NetworkPolicies needs; deleting is the way back."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One field of an object, and what to set it to. Its path and its value may have holes."""

    path: FieldPath
    type: str
    """One of :data:`bot.remediation.values.TYPES`."""
    value: Value

    @property
    def templates(self) -> Iterator[str]:
        """Every text that may have holes."""
        for part in self.path.way:
            if isinstance(part, Item):
                yield from (value for _, value in part.fields)
        if isinstance(self.value, str):
            yield self.value


@dataclass(frozen=True, kw_only=True)
class Of:
    """The object that a step is about."""

    api_version: str
    kinds: tuple[str, ...]
    """Several: the kind of the cause's subject decides, and has to be one of them."""
    namespace: str
    """Empty for cluster-scoped kinds."""
    name: str

    @property
    def templates(self) -> Iterator[str]:
        """Every text that may have holes."""
        yield from (self.namespace, self.name)

    def permissions(self, *verbs: str) -> Permissions:
        """Return what these verbs need."""
        return frozenset((verb, WRITABLE[self.api_version, kind].permission) for verb in verbs for kind in self.kinds)


@dataclass(frozen=True, kw_only=True)
class Patch:
    """Set fields of one object that exists."""

    of: Of
    settings: tuple[Setting, ...]
    inside: str = ""
    """Key of a ConfigMap whose text is a document in YAML or JSON: the paths are in that document."""
    within_seconds: int = 0
    """Time for the rollout that it starts; 0 where it starts none."""

    @property
    def templates(self) -> Iterator[str]:
        """Every text that may have holes."""
        yield from self.of.templates
        for setting in self.settings:
            yield from setting.templates

    @property
    def permissions(self) -> Permissions:
        """The verbs and resources it needs."""
        return self.of.permissions("get", "patch")


@dataclass(frozen=True, kw_only=True)
class Restart:
    """Replace the Pods of a workload one after the other, and wait for that."""

    of: Of
    within_seconds: int

    @property
    def templates(self) -> Iterator[str]:
        """Every text that may have holes."""
        yield from self.of.templates

    @property
    def permissions(self) -> Permissions:
        """The verbs and resources it needs."""
        return self.of.permissions("get", "patch")


@dataclass(frozen=True, kw_only=True)
class Create:
    """Make an object that does not exist."""

    of: Of
    content: Mapping[str, Json]
    """What is always in it; no holes."""
    settings: tuple[Setting, ...] = ()

    @property
    def templates(self) -> Iterator[str]:
        """Every text that may have holes."""
        yield from self.of.templates
        for setting in self.settings:
            yield from setting.templates

    @property
    def permissions(self) -> Permissions:
        """The verbs and resources it needs; deleting is the way back."""
        return self.of.permissions("get", "create", "delete")


@dataclass(frozen=True, kw_only=True)
class Allow:
    """Make the NetworkPolicies that let one kind of connection through, and no other."""

    client_namespace: str
    client: str
    """A Pod, as the target."""
    target_namespace: str
    target: str
    protocol: str
    port: str

    @property
    def templates(self) -> Iterator[str]:
        """Every text that may have holes."""
        yield from vars(self).values()

    @property
    def permissions(self) -> Permissions:
        """The verbs and resources it needs."""
        return POLICY_PERMISSIONS


@dataclass(frozen=True, kw_only=True)
class Isolate:
    """Make the NetworkPolicies that deny whatever comes to a namespace's Pods, but for what comes now."""

    namespace: str

    @property
    def templates(self) -> Iterator[str]:
        """Every text that may have holes."""
        yield self.namespace

    @property
    def permissions(self) -> Permissions:
        """The verbs and resources it needs."""
        return POLICY_PERMISSIONS


@dataclass(frozen=True, kw_only=True)
class ReplacePod:
    """Delete one Pod of a workload; the workload makes another."""

    namespaces: tuple[str, ...]
    workloads: tuple[str, ...] = ()
    """Names of DaemonSets of which one has a Pod on the Node."""
    node: str = ""
    name: str = ""
    """The Pod itself, where no workload is named."""

    @property
    def templates(self) -> Iterator[str]:
        """Every text that may have holes."""
        yield from (*self.namespaces, *self.workloads, self.node, self.name)

    @property
    def permissions(self) -> Permissions:
        """The verbs and resources it needs."""
        return frozenset({("get", "pods"), ("delete", "pods")})


@dataclass(frozen=True, kw_only=True)
class Sysctl:
    """Set a sysctl of the network of a Node, now and for its next start, through a Job that runs there for seconds."""

    node: str
    key: str
    """No holes: ``net.ipv4.ip_forward``."""
    was: Value
    """What the Node has now; with any other the Job changes nothing."""
    value: Value
    type: str
    """One of :data:`bot.remediation.values.TYPES`, for both values."""

    @property
    def templates(self) -> Iterator[str]:
        """Every text that may have holes."""
        yield from (text for text in (self.node, self.was, self.value) if isinstance(text, str))

    @property
    def permissions(self) -> Permissions:
        """The verbs and resources it needs."""
        return frozenset((verb, WRITABLE[JOB].permission) for verb in ("get", "create", "delete"))


Step = Patch | Restart | Create | Allow | Isolate | ReplacePod | Sysctl


@dataclass(frozen=True, kw_only=True)
class Advice:
    """What a person has to do, because it cannot be done from here."""

    commands: tuple[str, ...] = ()
    """Exact commands; what fills a hole is quoted for a shell."""
    because: str = ""
    """Why it cannot be applied."""
    provider_ticket: str = ""
    """Node about which its provider is to be told, with what the diagnosis measured there; empty for none."""

    @property
    def templates(self) -> Iterator[str]:
        """Every text that may have holes."""
        yield from (*self.commands, self.because, self.provider_ticket)


@dataclass(frozen=True, kw_only=True)
class Precondition:
    """An object whose fields have to read so before anything is planned."""

    of: Of
    inside: str = ""
    """As for a patch."""
    fields: tuple[tuple[FieldPath, Value], ...] = ()
    not_fields: tuple[tuple[FieldPath, Value], ...] = ()
    """Fields that must not read so."""

    @property
    def templates(self) -> Iterator[str]:
        """Every text that may have holes."""
        yield from self.of.templates

    @property
    def permissions(self) -> Permissions:
        """The verbs and resources it needs."""
        return self.of.permissions("get")


@dataclass(frozen=True, kw_only=True)
class NodesHave:
    """What every Node has to have before anything is planned; what cannot be seen it has not."""

    kernel: str = ""
    """The oldest version: ``5.13``."""
    kubelet: str = ""
    """The oldest version: ``1.31``; kube-proxy's is the same (kubernetes.io/releases/version-skew-policy)."""
    modules: tuple[str, ...] = ()
    """Parts of the kernel, as the node helper names them."""
    cnis: tuple[str, ...] = ()
    """CNIs with which it is known to work."""

    @property
    def templates(self) -> Iterator[str]:
        """Every text that may have holes: none."""
        yield from ()

    @property
    def permissions(self) -> Permissions:
        """The verbs and resources the writer needs: the reader looks."""
        return frozenset()


@dataclass(frozen=True, kw_only=True)
class TracksTwice:
    """A Node that has memory for twice the connections that it tracks at most."""

    node: str
    entries: str

    @property
    def templates(self) -> Iterator[str]:
        """Every text that may have holes."""
        yield from (self.node, self.entries)

    @property
    def permissions(self) -> Permissions:
        """The verbs and resources it needs."""
        return frozenset({("get", "nodes")})


Condition = Precondition | NodesHave | TracksTwice
