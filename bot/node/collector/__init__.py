"""The node helper's program: it looks at its Node's kernel and answers, and can do nothing else.

Python's standard library only; nothing else of netmedic is imported. It opens no port, starts no program, writes no
file but the recorder's own in memory, changes no setting and no rule, and interprets nothing it is given by a shell. At
tier 1 it runs without root and without capabilities; at tiers 2 and 3 each request first gives up those it does not
need. Read in this order:

request.py  the fixed set of requests, and the checks of their arguments
answer.py   answering one
session.py  answering many, as they are asked
sample.py   what is read, and how often
read.py     one bounded read of one file
proc.py     text of /proc to values
sysctl.py   settings of the kernel
netlink.py  interfaces and addresses, asked of the kernel
routes.py   routes and neighbours, likewise
queues.py   what waits to be sent, and to be accepted, likewise
modules.py  parts of the kernel that are there
pods.py     what the Pods' own network namespaces count (tier 3)
throttling.py
            how often containers were held back at their CPU limit (tier 3)
connect.py  TCP connects that send no data
reach.py    several of them to each address
series.py   rows of them, to count what is lost
sizes.py    UDP packets of several sizes, to find the largest that arrives
resolve.py  DNS queries
traffic.py  a few packets to other Nodes while counters are watched
recorder.py the last 15 minutes of some counters, written and read again
idle.py     what the Pod does between requests

What takes tier 2:
rights.py   which capabilities there are, and giving them up
netfilter.py questions to the kernel's tables of rules and connections
packet.py   a packet that is followed through rules, and what a rule may do with it
xt.py       matches and targets of iptables
legacy.py   tables of iptables-legacy
expressions.py rules of nftables, and of iptables-nft
nft.py      tables of nftables
ipvs.py     the table of IPVS (tier 1 reads it too)
walk.py     following a packet through chains
translate.py where packets to an address go
masquerade.py whether packets that Pods send get another source
firewall.py how many rules there are, and their policies
drops.py    rules whose counters say that they drop packets now
wording.py  what such a rule is for, in words
conntrack.py tracked connections to an address
ping.py     ICMP echoes

What takes tier 3:
inside.py   the network namespace of a Pod
sockets.py  who is connected there, and which ports wait
resolver.py whom a Pod asks for names
files.py    how many files a Pod's processes have open, and may
"""
