"""Plans at a terminal, put together: one cluster, one person, the database that the bot has too."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from bot.cluster.live import LiveCluster
from bot.cluster.live_writer import LiveWriter
from bot.diagnosis.diagnose import Diagnose
from bot.diagnosis.report import Diagnosis
from bot.diagnosis.scope import Ambiguous
from bot.remediation.access import Access, KubernetesUser
from bot.remediation.approval import KUBERNETES, policy_of
from bot.remediation.clerk import Clerk, NoSuchPlan
from bot.remediation.playbook import Playbook
from bot.remediation.remedy import Remedy
from bot.settings import Settings
from bot.store.records import Incident
from bot.store.store import Store


@asynccontextmanager
async def clerk(
    settings: Settings, *, cluster: LiveCluster, store: Store, diagnose: Diagnose, playbooks: Mapping[str, Playbook]
) -> AsyncIterator[Clerk]:
    """Give what the person of the kubeconfig can do with plans.

    Raises:
        ClusterError: The API server does not say who that is.
    """

    async def look(symptom: str, namespace: str) -> Diagnosis:
        return certain(await diagnose(cluster, symptom, namespace=namespace))

    async def again(incident: Incident) -> Diagnosis:
        known = dataclasses.replace(diagnose, chosen=incident.chosen)
        return certain(await known(cluster, incident.symptom, namespace=incident.namespace))

    writer = own = LiveWriter.beside(cluster)
    try:
        user = f"{KUBERNETES}{await own.whoami()}"
        myself = Access(reviewer=own, users={user: KubernetesUser(name="")})
        writer = await own.as_account(settings.writer_account)
        yield Clerk(
            remedy=Remedy(
                store=store,
                playbooks=playbooks,
                writer=writer,
                policy=policy_of(settings),
                expires_seconds=settings.plan_expires_seconds,
                job_namespace=settings.helper_namespace,
                recheck=again,
                access=myself if settings.approver_access_review else None,
            ),
            cluster=cluster,
            diagnose=look,
            user=user,
        )
    finally:
        await writer.close()
        await own.close()


def certain(answer: Diagnosis | Ambiguous) -> Diagnosis:
    """Return the diagnosis.

    Raises:
        NoSuchPlan: A name has several meanings.
    """
    if isinstance(answer, Diagnosis):
        return answer
    names = ", ".join(str(each) for each in answer.candidates[:5])
    raise NoSuchPlan(f"{answer.word!a} may be {names}. Say which one is meant.")
