"""How many rules there are, in which tables, and what becomes of packets that none of them is for."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from . import legacy, nft, rights
from .read import Json

# kube-proxy's chains for Services, of its iptables and its nftables mode; kubelet has others.
SERVICE_CHAINS = ("KUBE-SERVICES", "KUBE-SVC-", "KUBE-SEP-", "service-", "endpoint-")
MOST = 100


class Hook(NamedTuple):
    """A chain that packets come to by themselves."""

    table: str
    chain: str
    hook: str
    policy: str


def firewall() -> dict[str, Json]:
    """Return the tables with their numbers of chains and rules, and the hooks' policies."""
    rights.must_reach(2)
    tables, hooks = nftables()
    for version, title in ((4, "iptables-legacy"), (6, "ip6tables-legacy")):
        for name in legacy.names(version):
            table = legacy.Table.read(name, version)
            chains = table.chains()
            services = sum(chain.startswith(SERVICE_CHAINS) for chain in chains)
            tables.append(
                {
                    "table": f"{title} {name}",
                    "chains": len(chains) + len(table.hooks),
                    "rules": table.count(),
                    "services": services,
                }
            )
            hooks += [Hook(f"{title} {name}", hook.upper(), hook, table.policy(hook)) for hook in table.hooks]
    return {"tables": tables[:MOST], "hooks": [hook._asdict() for hook in hooks[:MOST]]}


def nftables() -> tuple[list[dict[str, Json]], list[Hook]]:
    """Return what there is of nftables."""
    chains = nft.chains()
    rules = nft.counts()
    sizes = Counter((chain.family, chain.table) for chain in chains)
    services = Counter((chain.family, chain.table) for chain in chains if chain.name.startswith(SERVICE_CHAINS))
    titles = {key: f"nftables {nft.FAMILIES[key[0]]} {key[1]}"[:100] for key in sizes}
    tables: list[dict[str, Json]] = [
        {"table": titles[key], "chains": sizes[key], "rules": rules.get(key, 0), "services": services[key]}
        for key in sorted(sizes)
    ]
    hooks = [
        Hook(titles[chain.family, chain.table], chain.name[:100], chain.hook, chain.policy)
        for chain in chains
        if chain.hook
    ]
    return tables, hooks
