"""The node helper's program: it looks at its Node's kernel and answers, and can do nothing else.

Python's standard library only; nothing else of netmedic is imported. It runs without root and without capabilities,
opens no port, starts no process, writes no file but the recorder's own in memory, and interprets nothing it is given by
a shell. Read in this order:

answer.py   the fixed set of requests, and the checks of their arguments
sample.py   what is read, and how often
read.py     one bounded read of one file
proc.py     text of /proc to values
sysctl.py   settings of the kernel
netlink.py  interfaces and addresses, asked of the kernel
routes.py   routes and neighbours, likewise
connect.py  TCP connects that send no data
reach.py    several of them to each address
series.py   rows of them, to count what is lost
sizes.py    UDP packets of several sizes, to find the largest that arrives
resolve.py  DNS queries
traffic.py  a few packets to other Nodes while counters are watched
recorder.py the last 15 minutes of some counters, written and read again
idle.py     what the Pod does between requests
"""
