"""Every setting: its unit, default and reason. A file, then the environment, then flags."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, YamlConfigSettingsSource


class OutsideTarget(BaseModel):
    """A place outside the cluster that people name in symptoms."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    """The word people use: ``Oslo``."""
    host: str
    """Host name or address that is connected to."""
    port: int = Field(default=443, ge=1, le=65535)
    """TCP port; most of what is outside speaks HTTPS."""
    region: str = ""
    """Where it is, in the words of the Nodes' label topology.kubernetes.io/region; empty: not known."""


class Slack(BaseModel):
    """How the bot talks to Slack."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Literal["socket", "http"] = "socket"
    """Socket Mode needs no public address; ``http`` needs the signing secret and a reachable address."""
    bot_token: SecretStr = SecretStr("")
    """Bot token (``xoxb-…``)."""
    app_token: SecretStr = SecretStr("")
    """App-level token with ``connections:write`` (``xapp-…``), for Socket Mode."""
    signing_secret: SecretStr = SecretStr("")
    """What Slack signs requests with, for ``http``."""
    api_url: str = "https://slack.com/api/"
    """Base of the Web API; another one for GovSlack (``https://slack-gov.com/api/``) and for tests."""
    http_host: str = "0.0.0.0"  # noqa: S104 - a Pod is reached at its Pod address
    """Address that the bot listens on, for its health and, in HTTP mode, for Slack."""
    http_port: int = Field(default=3000, ge=1, le=65535)
    """Port that the bot listens on; 3000 as in Slack's own examples."""
    workspaces: tuple[str, ...] = ()
    """Ids of the workspaces whose people may ask (``T…``). Empty: all of the app's workspace or organisation."""
    channels: tuple[str, ...] = ()
    """Ids of the channels in which people may ask. Empty: every one the bot was invited to."""
    user_groups: tuple[str, ...] = ()
    """Ids of the user groups that may ask (``S…``); needs the scope ``usergroups:read``. Empty: everybody there."""
    details_channel: str = ""
    """Id of a private channel for everything with names and addresses in it; other channels see the verdict without.
    Empty: nothing is hidden, as a diagnosis without names helps nobody to act."""
    private_channels: tuple[str, ...] = ()
    """Ids of further channels from which nothing is hidden."""


class Alerts(BaseModel):
    """Alertmanager's webhook, at ``/alerts`` of the port the bot listens on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: SecretStr = SecretStr("")
    """Bearer token that Alertmanager sends. Empty: there is no webhook, as anybody could fill a channel."""
    channel: str = ""
    """Id of the channel that alerts are told in."""


class ApproverRule(BaseModel):
    """More approvers for some plans; what is left empty does not matter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    approvers: tuple[str, ...] = Field(min_length=1)
    """As in the list of approvers."""
    clusters: tuple[str, ...] = ()
    """Contexts of kubeconfigs."""
    namespaces: tuple[str, ...] = ()
    """Every object that the plan changes has to be in one of them."""
    risks: tuple[Literal["low", "medium", "high"], ...] = ()
    """``low``, ``medium`` or ``high``, as playbooks say."""


class KubernetesUser(BaseModel):
    """Who a person of Slack is to the API server."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    """User name, as RBAC has it."""
    groups: tuple[str, ...] = ()
    """Groups that RBAC gives rights to."""


class ClusterSettings(BaseModel):
    """One of several clusters that the bot looks at."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=70, pattern=r"^\S+$")
    """What people call it: ``prod``."""
    context: str = ""
    """Context in the kubeconfig; empty: its current one."""
    kubeconfig: Path | None = None
    """None: ``KUBECONFIG``, ``~/.kube/config``, or the ServiceAccount of the Pod."""
    channels: tuple[str, ...] = ()
    """Ids of the channels in which it is meant where no other is named."""


class Settings(BaseSettings):
    """All settings of netmedic."""

    model_config = SettingsConfigDict(
        env_prefix="NETMEDIC_", env_nested_delimiter="__", extra="forbid", frozen=True, yaml_file=None
    )

    helper_namespace: str = "netmedic"
    """Namespace of the node helper DaemonSet; the only one the reader may exec in."""
    helper_labels: str = "app.kubernetes.io/name=netmedic,app.kubernetes.io/component=helper"
    """Label selector of its Pods."""
    helper_tier: int = Field(default=1, ge=1, le=3)
    """What the node helper may do; docs/node-helper.md. An installed DaemonSet has the tier it was made with."""
    helper_mode: Literal["daemonset", "on-demand"] = "daemonset"
    """``on-demand``: no DaemonSet; each diagnosis starts helper Pods on the Nodes it is about, and ends them."""
    helper_image: str = ""
    """Image of on-demand helper Pods: any with python3 3.11 or newer."""
    helper_deadline_seconds: int = Field(default=120, ge=10, le=3600)
    """How long an on-demand helper Pod may live; a diagnosis takes some 20 s (ours)."""
    budget_seconds: float = Field(default=20.0, gt=0, le=600)
    """Time for the probes of one diagnosis; what is not finished then is ``Unknown(timeout)``. People wait."""
    rules_dirs: tuple[Path, ...] = ()
    """Folders with more rules, besides those shipped."""
    playbooks_dirs: tuple[Path, ...] = ()
    """Folders with more playbooks, besides those shipped."""
    outside_targets: tuple[OutsideTarget, ...] = ()
    """Places outside that people name in symptoms; without them only host names and addresses are understood."""
    residency: dict[str, tuple[str, ...]] = {}
    """Regions in which a namespace's data may be: ``{"payments": ["eu-north-1"]}``; ``*`` for all other namespaces."""
    database_url: str = "sqlite+aiosqlite:///netmedic.db"
    """Incidents, plans, approvals and audit (SQLAlchemy URL)."""
    approvers: tuple[str, ...] = ()
    """Who may approve a plan: ids of Slack users (``U…``) and user groups (``S…``, with the scope ``usergroups:read``),
    and ``kubernetes:NAME`` on the command line. Empty: nobody may."""
    approver_rules: tuple[ApproverRule, ...] = ()
    """More approvers by cluster, namespace and risk."""
    kubernetes_users: dict[str, KubernetesUser] = {}
    """Who Slack users are to the API server, by user id: one person, who cannot ask in a terminal and approve in Slack.
    """
    approver_access_review: bool = False
    """Ask the API server whether who approves may make the change themselves (SubjectAccessReview); Slack users need an
    entry in ``kubernetes_users``, and the bot the right to create subjectaccessreviews.authorization.k8s.io."""
    writer_account: str = Field(default="", pattern=r"^$|^[a-z0-9-]+/[a-z0-9.-]+$")
    """ServiceAccount that applies plans, ``namespace/name``: by a token of minutes that is asked for when it is needed.
    Empty: the bot's own identity. `netmedic playbooks role` prints the rights it needs."""
    single_operator: bool = False
    """Let the requester approve their own plan. Off: another person has to."""
    plan_expires_seconds: int = Field(default=1800, gt=0)
    """How long a plan can be approved; a half hour is as long as an incident's picture stays true (ours)."""
    clusters: tuple[ClusterSettings, ...] = ()
    """The clusters the bot looks at. Empty: the one of the current context."""
    log_format: Literal["text", "json"] = "text"
    """Of the bot's log: lines for people, or one JSON object a line with the incident's id, for machines that collect
    it."""
    traces_endpoint: str = ""
    """OTLP over HTTP of an OpenTelemetry collector (``http://collector:4318/v1/traces``), which gets the phases of the
    bot's diagnoses. Empty: no traces. Needs the extra ``netmedic[traces]``."""
    slack: Slack = Slack()
    """How the bot talks to Slack."""
    alerts: Alerts = Alerts()
    """Alertmanager's webhook."""

    @model_validator(mode="after")
    def _on_demand_needs_an_image(self) -> Self:
        if self.helper_mode == "on-demand" and not self.helper_image:
            raise ValueError("on-demand helper Pods need an image: set helper_image (NETMEDIC_HELPER_IMAGE)")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags win over the environment, the environment over the file."""
        return init_settings, env_settings, YamlConfigSettingsSource(settings_cls, cls.model_config.get("yaml_file"))


SETTINGS_FILE = "NETMEDIC_CONFIG"
"""Environment variable with the path of the settings file."""
OTHER_VARIABLES = frozenset({SETTINGS_FILE, "NETMEDIC_DEBUG"})
"""Variables of this prefix that are no settings."""


def load(file: Path | None = None) -> Settings:
    """Return the settings: a YAML file (argument, else ``NETMEDIC_CONFIG``), then the environment.

    Raises:
        pydantic.ValidationError: A setting is wrong or not known.
        FileNotFoundError: The file that was named does not exist.
    """
    path = file or (Path(named) if (named := os.environ.get(SETTINGS_FILE)) else None)
    if path is None:
        return Settings()
    if not path.is_file():
        raise FileNotFoundError(errno.ENOENT, "There is no such settings file", str(path))

    class FromFile(Settings):
        model_config = SettingsConfigDict(yaml_file=path)

    return FromFile()
