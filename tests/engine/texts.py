"""Rule files for tests."""

from __future__ import annotations

from pathlib import Path

STEAL = """\
id: cpu-steal-high
title: A Node is starved of CPU
category: cpu-steal
severity: warning
confidence: likely
hop: node
symptoms: [slow, timeout]
when:
  node_cpu:
    steal_permille: {gte: 100, source: ours}
concludes:
  subject: {kind: Node, name: "{node_cpu.node}"}
  details:
    node: "{node_cpu.node}"
    steal_permille: "{node_cpu.steal_permille}"
    cpus: "{node_cpu.cpus} CPUs"
summary: Node {node_cpu.node} lost {node_cpu.steal_permille} permille of its time to other machines.
refuted_by: Steal near zero while the symptom lasts.
remedy: Move the Node to a host that is not shared.
docs: https://example.org/steal
"""

DROPS = """\
id: interface-drops-rising
title: An interface drops packets
category: packet-drops
severity: warning
confidence: likely
hop: node
when:
  node_interface:
    up: true
    name: {not: lo}
    role: {in: [uplink, overlay]}
    rx_dropped: {gt: 0}
    device_type: {contains: VXLAN}
  node_interface as uplink:
    node: {same_as: node_interface.node}
    name: {differs_from: node_interface.name}
unless:
  cpu-steal-high:
    node: {same_as: node_interface.node}
concludes:
  subject: {kind: Node, name: "{node_interface.node}"}
  details:
    interface: "{node_interface.name}"
    uplink: "{uplink.name}"
summary: Interface {node_interface.name} of {node_interface.node} drops packets.
refuted_by: No growth of rx_dropped.
remedy: See what fills its queue.
docs: https://example.org/drops
"""

NEIGHBOUR = """\
id: noisy-neighbour
title: A neighbour takes the CPU that packets need
category: cpu-steal
severity: error
confidence: likely
hop: node
when:
  cpu-steal-high: {}
  node_softnet:
    node: {same_as: cpu-steal-high.node}
    dropped: {gt: 0}
explains: [cpu-steal-high]
concludes:
  subject: {kind: Node, name: "{node_softnet.node}"}
  details:
    steal_permille: "{cpu-steal-high.steal_permille}"
summary: Node {node_softnet.node} drops packets while its host is busy with others.
refuted_by: Drops without steal.
remedy: Move the Node.
docs: https://example.org/neighbour
"""


def put(folder: Path, *texts: str) -> Path:
    """Write rule files named by their ids; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for text in texts:
        name = text.split("\n", 1)[0].removeprefix("id: ")
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder
