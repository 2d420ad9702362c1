"""What makes diagnoses, put together from the settings."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from bot.cluster.helper_pods import HelperPods
from bot.cluster.live import LiveCluster
from bot.cluster.live_helper_pods import LiveHelperPods
from bot.cluster.port import Cluster
from bot.diagnosis.diagnose import Diagnose
from bot.diagnosis.helpers import Helpers, OnDemand, installed
from bot.diagnosis.residency import Residency
from bot.engine.book import LateRuleBook
from bot.facts.scope import Subject
from bot.node.visit import HelperSpec
from bot.probes import PROBES
from bot.settings import Settings


def diagnoser(
    settings: Settings,
    book: LateRuleBook,
    *,
    budget_seconds: float | None = None,
    chosen: Mapping[str, Subject] | None = None,
    thorough: bool = False,
) -> Diagnose:
    """Return what makes diagnoses."""
    return Diagnose(
        book=book,
        probes=PROBES,
        outside_targets=settings.outside_targets,
        residency=Residency(
            regions=settings.residency,
            outside={target.host: target.region for target in settings.outside_targets if target.region},
        ),
        budget_seconds=budget_seconds or settings.budget_seconds,
        chosen=chosen or {},
        helpers=helpers(settings),
        thorough=thorough,
    )


def helpers(settings: Settings) -> Helpers:
    """Return which node helpers a diagnosis has."""
    if settings.helper_mode == "daemonset":
        return installed
    spec = HelperSpec(
        image=settings.helper_image,
        labels=settings.helper_labels,
        tier=settings.helper_tier,
        deadline_seconds=settings.helper_deadline_seconds,
    )
    return OnDemand(spec=spec, pods_in=partial(helper_pods, settings))


def helper_pods(settings: Settings, cluster: Cluster) -> HelperPods | None:
    """Return what starts and ends helper Pods; None where they are installed, or nothing can be started."""
    if settings.helper_mode == "daemonset" or not isinstance(cluster, LiveCluster):
        return None
    return LiveHelperPods(cluster.transport, namespace=settings.helper_namespace)
