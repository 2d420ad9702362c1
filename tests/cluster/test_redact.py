from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.cluster import redact

KUBE_PROXY = """
apiVersion: kubeproxy.config.k8s.io/v1alpha1
bindAddress: 0.0.0.0
clientConnection: {kubeconfig: /var/lib/kube-proxy/kubeconfig.conf, token: hunter2}
clusterCIDR: 10.244.0.0/16
conntrack: {maxPerCore: 32768, min: 0, tcpCloseWaitTimeout: null}
ipvs: {syncPeriod: 30s, strictARP: true, scheduler: "rr; password=hunter2"}
kind: KubeProxyConfiguration
metricsBindAddress: "127.0.0.1:10249"
mode: "ipvs"
"""

FLANNEL = {"Network": "10.244.0.0/16", "Backend": {"Type": "vxlan", "VNI": 1, "Port": 8472, "PSK": "hunter2"}}
CNI = {
    "name": "cbr0",
    "plugins": [{"type": "flannel", "delegate": {"mtu": 1400, "key": "hunter2"}}, {"type": "portmap", "mtu": 1450}],
}


def test_of_kube_proxys_configuration_the_known_settings_stay() -> None:
    kept = redact.settings("kube-proxy", {"config.conf": KUBE_PROXY, "kubeconfig.conf": "token: hunter2"})

    assert list(kept) == ["config.conf"]
    assert yaml.safe_load(kept["config.conf"]) == {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "ipvs",
        "clusterCIDR": "10.244.0.0/16",
        "conntrack": {"maxPerCore": 32768, "min": 0},
        "ipvs": {"syncPeriod": "30s", "strictARP": True, "scheduler": redact.UNPARSEABLE},
        "metricsBindAddress": "127.0.0.1:10249",
    }


def test_of_flannels_configuration_the_known_settings_stay() -> None:
    data = {"net-conf.json": json.dumps(FLANNEL), "cni-conf.json": json.dumps(CNI), "etcd-password": "hunter2"}

    kept = redact.settings("kube-flannel-cfg", data)

    assert {key: json.loads(text) for key, text in kept.items()} == {
        "net-conf.json": {"Network": "10.244.0.0/16", "Backend": {"Type": "vxlan", "VNI": 1, "Port": 8472}},
        "cni-conf.json": {
            "name": "cbr0",
            "plugins": [{"type": "flannel", "delegate": {"mtu": 1400}}, {"type": "portmap", "mtu": 1450}],
        },
    }


def test_of_calico_and_cilium_known_keys_stay() -> None:
    calico = {"veth_mtu": "1440", "calico_backend": "bird", "cni_network_config": "{hunter2}"}
    cilium = {"mtu": "1450", "kube-proxy-replacement": "true", "etcd-config": "password: hunter2", "tunnel": "a\nb"}

    assert redact.settings("calico-config", calico) == {"veth_mtu": "1440", "calico_backend": "bird"}
    assert redact.settings("cilium-config", cilium) == {
        "mtu": "1450",
        "kube-proxy-replacement": "true",
        "tunnel": redact.UNPARSEABLE,
    }


def test_of_any_other_config_map_nothing_stays() -> None:
    assert redact.settings("shop-settings", {"config.conf": KUBE_PROXY, "mtu": "1450"}) == {}


@pytest.mark.parametrize("text", ["{", "mode: [", "- a", "", "plain", "&a [*a]", "[" * 800])
def test_a_setting_that_cannot_be_parsed_reads_as_that_and_not_as_a_default(text: str) -> None:
    kept = redact.settings("kube-proxy", {"config.conf": text})["config.conf"]

    assert kept == redact.UNPARSEABLE
    with pytest.raises(yaml.YAMLError):
        yaml.safe_load(kept)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Readiness probe failed: HTTP probe failed with statuscode: 503", None),
        ('MountVolume.SetUp failed for volume "default-token-bcdfg" : timed out', None),
        ("Successfully assigned kube-prometheus/kube-prometheus-stack-operator-7f79b94d55-vxclq to node1", None),
        ("couldn't find key password in Secret shop/db", None),
        ("Get https://admin:hunter2@10.0.0.1/x: refused", "Get https://***@10.0.0.1/x: refused"),
        ("dial redis://:hunter2@cache:6379", "dial redis://***@cache:6379"),
        ("Authorization: Bearer hunter2", "Authorization: Bearer ***"),
        ("curl -H 'authorization: basic aHVudGVyMg==' x", "curl -H 'authorization: basic ***' x"),
        ("failed with token=hunter2&x=1", "failed with token=***&x=1"),
        ('env {"DB_PASSWORD":"hunter 2","x":1}', 'env {"DB_PASSWORD":***,"x":1}'),
        ("--api-key=hunter2 --secret-key 'x'", "--api-key=*** --secret-key 'x'"),
        ("SECRET_KEY_BASE=hunter2", "SECRET_KEY_BASE=***"),
        ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl sent", "jwt *** sent"),
        ("key 0123456789abcdef0123456789abcdef end", "key *** end"),
        ("-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY----- after", "*** after"),
        ("two\nlines\x1b[31m", "two lines [31m"),
    ],
)
def test_what_looks_like_a_secret_in_an_events_message_is_masked(text: str, kept: str | None) -> None:
    assert redact.message(text) == (text if kept is None else kept)


def test_a_message_is_cut() -> None:
    assert redact.message("ab " * 200) == ("ab " * 100).rstrip()


SNIPPETS = st.sampled_from(
    ["token=", "password: ", '"', "'", "Bearer ", "https://", "@", "x" * 40, "a1" * 20, " ", "\n", "eyJ", "-----BEGIN"]
)
TEXTS = st.lists(st.one_of(SNIPPETS, st.text(max_size=20)), max_size=30).map("".join)


@given(TEXTS)
def test_redaction_of_what_was_redacted_changes_nothing(text: str) -> None:
    once = redact.message(text)
    log = redact.log(text)

    assert redact.message(once) == once
    assert redact.log(log) == log
    assert len(once) <= redact.MESSAGE_CHARACTERS


@given(st.sampled_from(["kube-proxy", "kube-flannel-cfg", "cilium-config", "calico-config"]), TEXTS)
def test_settings_of_settings_are_the_same(name: str, text: str) -> None:
    keys = ("config.conf", "net-conf.json", "cni-conf.json", "veth_mtu", "mtu")
    once = redact.settings(name, dict.fromkeys(keys, text))

    assert redact.settings(name, once) == once


def test_settings_that_were_kept_are_kept_again() -> None:
    data = {"config.conf": KUBE_PROXY}
    once = redact.settings("kube-proxy", data)

    assert redact.settings("kube-proxy", once) == once


@pytest.mark.parametrize(
    "line",
    [
        "I1122 17:48:14.375827       1 server_others.go:185] Using iptables Proxier.",
        'I0101 00:00:00.000000 1 server_linux.go:66] "Using ipvs Proxier"',
        "W0101 00:00:00.000000 1 server_others.go:324] Can't use the IPVS proxier: no such module",
    ],
)
def test_a_line_that_says_how_services_are_translated_stays(line: str) -> None:
    assert redact.log(f"secret: hunter2\n{line}\nGET /?token=hunter2\n") == f"{line}\n"
