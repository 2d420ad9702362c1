"""The largest packet that reaches an address, found with UDP datagrams to a port where nobody listens.

The other host's kernel answers each that arrives with an ICMP error, which an unprivileged socket is told of. Those
answers are rationed (net.ipv4.icmp_ratelimit: six at once, then one a second), so a missing one alone means nothing:
a size counts as lost only while a smaller one, sent right after it, is answered.
"""

from __future__ import annotations

import errno
import select
import socket
import threading
import time

from . import netlink
from .proc import Problem
from .read import Json

MAX_TARGETS = 16
# The first of those that traceroute sends to.
PORT = 33434
SMALL = 576
# linux/in.h and in6.h: do not fragment, and never mind what was learned of the path.
PROBE = {socket.AF_INET: (socket.IPPROTO_IP, 10, 3), socket.AF_INET6: (socket.IPPROTO_IPV6, 23, 3)}
HEADERS = {socket.AF_INET: 28, socket.AF_INET6: 48}
# The first answer may be far; those after it are waited for as long as it took, several times.
ANSWER_SECONDS = 0.5
SHORTEST_SECONDS, TIMES = 0.06, 4
RATION_SECONDS = 1.05
AT_ONCE = 5
LONGEST_SECONDS = 6.0
# How exact a result is, in bytes.
STEP = 8
LARGEST = 65535


def sizes(targets: list[str]) -> dict[str, Json]:
    """Return, by address, the largest packet that arrived and the smallest that did not."""
    found: dict[str, Json] = {}

    def one(host: str) -> None:
        try:
            found[host] = Way(host).measured()
        except OSError as problem:
            found[host] = {"error": errno.errorcode.get(problem.errno or 0, "error")}
        except Problem as problem:
            found[host] = {"error": str(problem)}

    threads = [threading.Thread(target=one, args=(host,), daemon=True) for host in targets]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + LONGEST_SECONDS + RATION_SECONDS
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return {host: found.get(host, {"error": "ETIMEDOUT"}) for host in targets}


class Way:
    """Measures the way to one address."""

    def __init__(self, host: str) -> None:
        """Find out which interface packets leave by."""
        self.host = host
        self.family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.deadline = time.monotonic() + LONGEST_SECONDS
        self.answers = 0
        self.patience = ANSWER_SECONDS
        self.told = False
        with self.open() as client:
            own = client.getsockname()[0]
        index = next((one["index"] for one in netlink.addresses() if one["ip"] == own), 0)
        link = next((one for one in netlink.links() if one["index"] == index), None)
        if link is None:
            raise Problem(f"{own} is on no interface")
        self.device, self.limit = str(link["name"]), min(int(str(link["mtu"])), LARGEST)

    def open(self) -> socket.socket:
        """Return a socket whose packets are not fragmented; an ICMP error is its own and no other's."""
        client = socket.socket(self.family, socket.SOCK_DGRAM)
        client.setsockopt(*PROBE[self.family])
        client.setblocking(False)
        client.connect((self.host, PORT))
        return client

    def arrives(self, *tried: int) -> set[int]:
        """Send one packet of each size, in this order, and return the sizes that were answered."""
        clients: dict[int, tuple[int, socket.socket]] = {}
        poll, found = select.poll(), set()
        began = time.monotonic()
        for size in tried:
            client = self.open()
            clients[client.fileno()] = (size, client)
            poll.register(client, select.POLLIN)
            try:
                client.send(bytes(size - HEADERS[self.family]))
            except OSError as problem:
                if problem.errno == errno.ECONNREFUSED:
                    found.add(size)
        while len(found) < len(set(tried)) and (left := began + self.patience - time.monotonic()) > 0:
            for number, _event in poll.poll(left * 1000):
                poll.unregister(number)
                size, client = clients[number]
                code = client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if code == errno.ECONNREFUSED:
                    found.add(size)
                    self.patience = min(self.patience, max(SHORTEST_SECONDS, TIMES * (time.monotonic() - began)))
                self.told = self.told or code == errno.EMSGSIZE
        for _size, client in clients.values():
            client.close()
        self.answers += len(found)
        return found

    def measured(self) -> dict[str, Json]:
        """Return the sizes between which the way ends."""
        smallest = min(SMALL, self.limit)
        at_once = self.arrives(self.limit, smallest) or self.again(self.limit, smallest)
        if not at_once:
            return self.answer(0, 0)
        if self.limit in at_once:
            return self.answer(self.limit, 0)
        low, high = smallest, self.limit
        while high - low > STEP and time.monotonic() < self.deadline - RATION_SECONDS:
            middle = (low + high) // 2
            if self.arrives(middle) or self.arrives(middle):
                low = middle
                if self.answers >= AT_ONCE:
                    time.sleep(RATION_SECONDS)
            else:
                high = middle
        return self.answer(low, high if self.is_lost(high, low) else 0)

    def again(self, *tried: int) -> set[int]:
        """Send once more when another answer is due."""
        time.sleep(RATION_SECONDS)
        return self.arrives(*tried)

    def is_lost(self, high: int, low: int) -> bool:
        """Tell whether a size stays lost while a smaller one right behind it is answered."""
        answered = self.again(high, high, low)
        return low in answered and high not in answered

    def answer(self, passed: int, failed: int) -> dict[str, Json]:
        """Return the result. 0: nothing was answered, or nothing was lost."""
        return {"device": self.device, "limit": self.limit, "passed": passed, "failed": failed, "told": self.told}
