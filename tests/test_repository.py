"""What can drift apart in the repository, held together."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from bot.cluster.objects import OBJECT_TYPES, Object
from bot.engine.catalogue import catalogue
from bot.engine.rules import Rule, Severity, load
from bot.facts import FACT_TYPES
from bot.probes import PROBES
from bot.probes.permissions import role

ROOT = Path(__file__).parent.parent
RULES = ROOT / "rules"

READS = [
    "authorizationpolicies.security.istio.io",
    "ciliumclusterwidenetworkpolicies.cilium.io",
    "ciliumnetworkpolicies.cilium.io",
    "ciliumnodes.cilium.io",
    "configmaps",
    "daemonsets.apps",
    "deployments.apps",
    "endpointslices.discovery.k8s.io",
    "events",
    "felixconfigurations.crd.projectcalico.org",
    "gatewayclasses.gateway.networking.k8s.io",
    "gateways.gateway.networking.k8s.io",
    "globalnetworkpolicies.crd.projectcalico.org",
    "grpcroutes.gateway.networking.k8s.io",
    "httproutes.gateway.networking.k8s.io",
    "ingressclasses.networking.k8s.io",
    "ingresses.networking.k8s.io",
    "installations.operator.tigera.io",
    "ippools.crd.projectcalico.org",
    "leases.coordination.k8s.io",
    "mutatingwebhookconfigurations.admissionregistration.k8s.io",
    "namespaces",
    "networkpolicies.crd.projectcalico.org",
    "networkpolicies.networking.k8s.io",
    "nodes",
    "peerauthentications.security.istio.io",
    "persistentvolumeclaims",
    "persistentvolumes",
    "pods",
    "referencegrants.gateway.networking.k8s.io",
    "resourcequotas",
    "services",
    "statefulsets.apps",
    "tcproutes.gateway.networking.k8s.io",
    "tlsroutes.gateway.networking.k8s.io",
    "validatingwebhookconfigurations.admissionregistration.k8s.io",
]
"""What the reader may list. A probe that needs more changes what a cluster's owner has to grant: say so here."""

rules = pytest.mark.parametrize("rule", load(RULES), ids=lambda rule: rule.id)


def test_the_catalogue_of_rules_is_fresh() -> None:
    assert (RULES / "README.md").read_text() == catalogue(load(RULES), RULES), "run `make catalogue`"


def test_every_kind_of_fact_is_given_by_a_probe() -> None:
    assert {kind.kind for probe in PROBES for kind in probe.gives} == set(FACT_TYPES)


def test_every_kind_of_fact_that_a_rule_reads_has_a_probe() -> None:
    ids = {rule.id for rule in load(RULES)}
    read = {kind for rule in load(RULES) for kind in rule.reads} - ids

    assert read <= {kind.kind for probe in PROBES for kind in probe.gives}


def test_every_probe_of_the_package_is_in_the_list() -> None:
    written = {
        name
        for file in (ROOT / "bot" / "probes").glob("*.py")
        for name in re.findall(r"^@probe\((?:.|\n)*?^async def (\w+)", file.read_text(), re.MULTILINE)
    }

    assert written == {probe.name for probe in PROBES}


def test_probes_read_what_is_listed_here_and_no_secrets() -> None:
    assert sorted({item.resource.permission for probe in PROBES for item in probe.reads}) == READS


def test_the_readers_role_is_what_the_probes_read_and_nothing_else() -> None:
    made = yaml.safe_load((ROOT / "helm" / "netmedic" / "files" / "reader-clusterrole.yaml").read_text())
    objects = [rule for rule in made["rules"] if "resources" in rule]
    granted = {f"{name}.{rule['apiGroups'][0]}".rstrip(".") for rule in objects for name in rule["resources"]}
    paths = [path for rule in made["rules"] for path in rule.get("nonResourceURLs", ())]

    assert made == role(), "run `python -m bot.probes.permissions --write`"
    assert granted - {"pods/log"} >= set(READS)
    assert paths == ["/metrics", "/readyz"]
    assert {verb for rule in made["rules"] for verb in rule["verbs"]} == {"get", "list"}


def test_every_type_of_object_is_read_by_a_probe() -> None:
    by_probes: set[type[Object]] = {item for probe in PROBES for item in probe.reads}

    assert {item.__name__ for item in set(OBJECT_TYPES) - by_probes} == set()


@rules
def test_a_rule_lies_in_a_folder_and_is_named_after_a_fault(rule: Rule) -> None:
    assert rule.path.parent.parent == RULES
    assert not re.search(r"check|probe-|test|verify", rule.id)


@rules
def test_the_texts_of_a_rule_are_sentences(rule: Rule) -> None:
    assert rule.title[0].isupper() or rule.title.startswith(("kube-proxy", "etcd"))
    assert rule.summary.endswith(".")
    assert rule.refuted_by.endswith(".")
    assert rule.remedy.endswith(".")


@rules
def test_a_warning_that_can_be_a_cause_names_its_symptoms_and_an_error_needs_none(rule: Rule) -> None:
    risks = {
        "conntrack-filling-up",
        "idle-service-matches-nothing",
        "idle-service-scaled-to-zero",
        "idle-service-selects-no-pods",
        "idle-service-walled-off",
        "interface-dropped-earlier",
        "network-policies-not-enforced",
        "network-policy-selects-no-pods",
        "namespace-partly-isolated",
        "pods-outside-region-risk",
        "service-refused-without-endpoints",
        "volumes-outside-region-risk",
        "outside-host-in-other-region-risk",
        "pods-in-unknown-region",
    }

    if rule.severity is not Severity.ERROR:
        assert bool(rule.symptoms) == (rule.severity is Severity.WARNING and rule.id not in risks)


@rules
def test_an_info_only_links_a_cause_to_what_it_takes_along(rule: Rule) -> None:
    if rule.severity is Severity.INFO:
        assert rule.explains


def test_links_to_documentation_are_of_places_that_stay() -> None:
    hosts = {rule.docs.split("/")[2] for rule in load(RULES)}
    projects = {"kubernetes.io", "coredns.io", "docs.tigera.io", "docs.cilium.io", "docs.docker.com", "github.com"}

    assert hosts <= projects | {"docs.kernel.org", "istio.io", "man7.org"}


def test_relative_links_in_the_documentation_lead_somewhere() -> None:
    broken = [
        f"{file.relative_to(ROOT)}: {link}"
        for file in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *RULES.glob("*.md"))
        for link in re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", file.read_text())
        if not (file.parent / link).exists()
    ]

    assert broken == []
