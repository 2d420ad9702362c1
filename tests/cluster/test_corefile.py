"""What is kept of the DNS servers' settings."""

from __future__ import annotations

import pytest

from bot.cluster.corefile import dnsmasq, dnsmasq_servers, overrides, reduce, servers_for, speaks_of, upstreams, zone
from bot.cluster.manifests import objects
from bot.cluster.objects import ConfigMap, Deployment

COREFILE = """.:53 {
    errors
    # password: hunter2
    template ANY ANY web.shop.svc.cluster.local {
        match "^web\\.shop\\.svc\\.cluster\\.local\\.$"
        rcode NXDOMAIN
    }
    kubernetes example.org in-addr.arpa {
        pods insecure
    }
    tsig {
        secret a.key. NoTCJU+DMqFWywaPyxSijrDEA/eC3nK0xi3AMEZuPVk=
    }
    forward . tls://9.9.9.9 {
        tls_servername dns.quad9.net
    }
}
"""


def test_names_addresses_and_codes_stay_and_nothing_else() -> None:
    kept = reduce(COREFILE)

    assert "rcode NXDOMAIN" in kept
    assert "forward . tls://9.9.9.9 {" in kept
    assert not [word for word in ("hunter2", "NoTCJU", "secret", "tls_servername") if word in kept]


def test_what_was_reduced_once_stays_as_it_is() -> None:
    assert reduce(reduce(COREFILE)) == reduce(COREFILE)


def test_the_domain_is_that_of_the_plugin() -> None:
    assert (zone(COREFILE), zone(".:53 {\n}")) == ("example.org", "")


def test_a_block_that_answers_by_itself_is_an_override() -> None:
    [found] = overrides(reduce(COREFILE))

    assert found.startswith("template ANY ANY web.shop.svc.cluster.local { match")
    assert speaks_of(found, "web.shop.svc.cluster.local")
    assert not speaks_of(found, "shop.shop.svc.cluster.local")


@pytest.mark.parametrize(
    ("override", "speaks"),
    [
        ("--address=/web.shop.svc.cluster.local/", True),
        ("--address=/shop.svc.cluster.local/10.0.0.1", True),
        ("--address=/theweb.shop.svc.cluster.local/", False),
        ("--local=/cluster.local/", False),
        ("--address=/svc.cluster.local/", False),
    ],
)
def test_a_domain_of_all_services_speaks_of_none(override: str, *, speaks: bool) -> None:
    assert speaks_of(override, "web.shop.svc.cluster.local") is speaks


def test_of_arguments_only_those_that_give_names_an_answer_are_kept() -> None:
    words = ["dnsmasq", "--address=/web.shop/", "--address=/a b/", "--server=/x.example/192.0.2.1", "--user=root"]

    assert dnsmasq(words) == ("--address=/web.shop/",)


def test_the_servers_for_names_of_any_domain_are_known() -> None:
    words = ["--server=192.0.2.1", "--server=/x.example/192.0.2.2", "--server=2001:db8::1#5353", "--server=/etc/passwd"]
    blocks = "forward . 192.0.2.3 tls://192.0.2.4 {\n  }\n}", "forward example.com 192.0.2.5\n}"
    text = "".join(f".:53 {{\n  {block}\n" for block in blocks)

    assert dnsmasq_servers(words) == ("192.0.2.1", "x.example=192.0.2.2", "2001:db8::1#5353")
    assert upstreams(text) == ("192.0.2.3", "tls://192.0.2.4", "example.com=192.0.2.5")
    assert upstreams(".:53 {\n  forward . /etc/resolv.conf\n}\n") == ("/etc/resolv.conf",)
    assert upstreams("") == dnsmasq_servers([]) == ()


STUB = """
.:53 {
    forward . 192.0.2.1
}
oslo.example.net:53, dns://x.example {
    errors
    forward . 198.51.100.35  # the office
}
"""


def test_a_name_is_forwarded_to_the_servers_of_its_longest_domain() -> None:
    found = (*upstreams(STUB), *dnsmasq_servers(["--server=/deep.oslo.example.net/198.51.100.36"]))

    assert servers_for("oslo.example.net", found) == ["198.51.100.35"]
    assert servers_for("db.oslo.example.net.", found) == ["198.51.100.35"]
    assert servers_for("a.deep.oslo.example.net", found) == ["198.51.100.36"]
    assert servers_for("notoslo.example.net", found) == ["192.0.2.1"]
    assert servers_for("www.x.example", found) == ["198.51.100.35"]


def test_they_are_kept_of_a_deployment_and_of_the_known_config_map() -> None:
    made = objects(
        """
kind: Deployment
metadata: {name: kube-dns, namespace: kube-system}
spec: {template: {spec: {containers: [{name: a, command: [dnsmasq, --address=/web.shop/, --password=hunter2]}]}}}
---
kind: ConfigMap
metadata: {name: coredns, namespace: kube-system}
data: {Corefile: ".:53 {\\n  errors\\n  tsig hunter2\\n}\\n"}
"""
    )
    [deployment] = [item for item in made if isinstance(item, Deployment)]
    [config] = [item for item in made if isinstance(item, ConfigMap)]

    assert deployment.spec.template.spec.containers[0].dns_overrides == ("--address=/web.shop/",)
    assert config.data == {"Corefile": ".:53 {\n  errors\n}\n"}
