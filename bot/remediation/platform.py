"""What the Nodes have to be before a plan is made for them: kernels, their parts, the CNI, memory."""

from __future__ import annotations

import re

from bot.cluster.errors import ClusterError
from bot.cluster.objects import Node
from bot.cluster.writer import Target, Writer
from bot.facts.base import Fact, Unknown
from bot.facts.cni import CniIdentity
from bot.facts.platform import KernelModule
from bot.facts.scope import Scope
from bot.probes.cni import cni_identity
from bot.probes.platform import kernel_module
from bot.remediation.desk import Desk, NoPlan, checked
from bot.remediation.fieldpath import FieldPath
from bot.remediation.holes import fill, fill_typed
from bot.remediation.steps import NodesHave, TracksTwice
from bot.remediation.values import number, shown

VERSION = re.compile(r"(?P<major>\d+)\.(?P<minor>\d+)")
HAS_IT = ("loaded", "built-in")
ENTRY_BYTES = 320
"""Of one tracked connection: the object size of nf_conntrack in /proc/slabinfo on 64-bit kernels of 5.x and 6.x."""
MEMORY_SHARE = 32
"""A full table may take this part of a Node's memory (ours); kernels begin with a 51st: a 16,384th of it in entries."""
MEMORY = FieldPath.parse("status.capacity.memory")
KIB = re.compile(r"(?P<number>\d+)Ki")
"""As kubelet writes a Node's memory."""


async def hold_nodes(wanted: NodesHave, desk: Desk) -> None:
    """Look whether every Node is as a playbook needs it; what cannot be seen is not there.

    Raises:
        NoPlan: One is not.
    """
    try:
        nodes = await desk.cluster.list(Node)
    except ClusterError as problem:
        raise NoPlan(str(problem)) from problem
    for node in nodes:
        info = node.status.node_info
        for what, oldest, has in (
            ("kernel", wanted.kernel, info.kernel_version),
            ("kubelet", wanted.kubelet, info.kubelet_version.removeprefix("v")),
        ):
            if _version(has) < _version(oldest):
                raise NoPlan(f"it needs {what} {oldest} or newer, and Node {node.metadata.name} has {shown(has)}")
    everywhere = Scope(cluster_wide=True)
    if wanted.modules:
        facts = await kernel_module.observe(desk.cluster, everywhere)
        _hold_modules(wanted, facts, [node.metadata.name for node in nodes])
    if wanted.cnis:
        _hold_cni(wanted, await cni_identity.observe(desk.cluster, everywhere))


def _hold_modules(wanted: NodesHave, facts: list[Fact], nodes: list[str]) -> None:
    unknown = next((fact.detail for fact in facts if isinstance(fact, Unknown)), "no node helper says")
    states = {(fact.node, fact.module): fact.state for fact in facts if isinstance(fact, KernelModule)}
    for node in nodes:
        for module in wanted.modules:
            state = states.get((node, module))
            if state is None:
                raise NoPlan(f"whether the kernel of Node {node} has {module} is not known: {unknown}")
            if state not in HAS_IT:
                raise NoPlan(
                    f"it needs {module}, which the kernel of Node {node} has neither loaded nor built in; "
                    f"load it there at boot: /etc/modules-load.d"
                )


def _hold_cni(wanted: NodesHave, facts: list[Fact]) -> None:
    names = [fact.name for fact in facts if isinstance(fact, CniIdentity)]
    if not names or any(name not in wanted.cnis for name in names):
        found = ", ".join(names) or "not known"
        raise NoPlan(f"it is known to work with CNI {', '.join(wanted.cnis)}, and this cluster's is {found}")


async def hold_memory(wanted: TracksTwice, desk: Desk, writer: Writer) -> None:
    """Look whether a Node has memory for a connection table of twice the size.

    Raises:
        NoPlan: It has not.
        ClusterError: It cannot be read.
    """
    target = checked(Target(api_version="v1", kind="Node", name=fill(wanted.node, desk.cause)))
    entries = number(fill_typed(wanted.entries, desk.cause), None)
    memory = KIB.fullmatch(str(MEMORY.read(await writer.read(target))))
    if memory is None:
        raise NoPlan(f"{target} does not say how much memory it has")
    most = int(memory["number"]) * 1024 // MEMORY_SHARE // ENTRY_BYTES
    if not isinstance(entries, int) or 2 * entries > most:
        raise NoPlan(
            f"a table of twice {entries} entries would take more than a {MEMORY_SHARE}nd of the memory of {target}, "
            f"which has room for {most}: find out who opens so many connections"
        )


def _version(text: str) -> tuple[int, int]:
    found = VERSION.match(text)
    return (int(found["major"]), int(found["minor"])) if found else (0, 0)
