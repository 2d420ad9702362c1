{{- define "netmedic.botPod" -}}
metadata:
  labels:
    {{- include "netmedic.labels" . | nindent 4 }}
    app.kubernetes.io/component: bot
  annotations:
    # Settings are read at start.
    checksum/settings: {{ include "netmedic.settings" . | sha256sum }}
    {{- with .Values.bot.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "netmedic.fullname" . }}
  enableServiceLinks: false
  # The bot finishes within 20 s what it began.
  terminationGracePeriodSeconds: 30
  securityContext: {{- include "netmedic.podSecurity" . | nindent 4 }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.bot.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with .Values.bot.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.bot.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.bot.affinity }}
  affinity: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if and .Values.bot.topologySpread (not (include "netmedic.sqlite" .)) }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "netmedic.selector" . | nindent 10 }}
          app.kubernetes.io/component: bot
  {{- end }}
  containers:
    - name: bot
      image: {{ include "netmedic.image" . }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      command: [netmedic]
      args: [serve]
      env:
        - name: NETMEDIC_CONFIG
          value: /etc/netmedic/settings/settings.yaml
        - name: NETMEDIC_SLACK__BOT_TOKEN
          valueFrom:
            secretKeyRef: {name: {{ required "slack.existingSecret: the name of a Secret with the bot's tokens" .Values.slack.existingSecret }}, key: bot-token}
        {{- if eq .Values.slack.mode "socket" }}
        - name: NETMEDIC_SLACK__APP_TOKEN
          valueFrom:
            secretKeyRef: {name: {{ .Values.slack.existingSecret }}, key: app-token}
        {{- else }}
        - name: NETMEDIC_SLACK__SIGNING_SECRET
          valueFrom:
            secretKeyRef: {name: {{ .Values.slack.existingSecret }}, key: signing-secret}
        {{- end }}
        {{- with .Values.alerts.existingSecret }}
        - name: NETMEDIC_ALERTS__TOKEN
          valueFrom:
            secretKeyRef: {name: {{ . }}, key: token}
        {{- end }}
        - name: NETMEDIC_DATABASE_URL
          {{- if include "netmedic.sqlite" . }}
          value: sqlite+aiosqlite:////var/lib/netmedic/netmedic.db
          {{- else }}
          valueFrom:
            secretKeyRef: {name: {{ .Values.database.existingSecret }}, key: url}
          {{- end }}
        {{- with .Values.bot.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        - {name: http, containerPort: 3000, protocol: TCP}
      readinessProbe:
        httpGet: {path: /readyz, port: http}
        periodSeconds: 10
        timeoutSeconds: 3
      livenessProbe:
        httpGet: {path: /healthz, port: http}
        periodSeconds: 20
        timeoutSeconds: 5
        failureThreshold: 6
      startupProbe:
        httpGet: {path: /healthz, port: http}
        periodSeconds: 2
        failureThreshold: 60
      securityContext: {{- include "netmedic.containerSecurity" . | nindent 8 }}
      resources: {{- toYaml .Values.bot.resources | nindent 8 }}
      volumeMounts:
        - {name: settings, mountPath: /etc/netmedic/settings, readOnly: true}
        - {name: tmp, mountPath: /tmp}
        {{- if include "netmedic.sqlite" . }}
        - {name: database, mountPath: /var/lib/netmedic}
        {{- end }}
        {{- range .Values.rules.configMaps }}
        - {name: rules-{{ . }}, mountPath: /etc/netmedic/rules/{{ . }}, readOnly: true}
        {{- end }}
        {{- range .Values.playbooks.configMaps }}
        - {name: playbooks-{{ . }}, mountPath: /etc/netmedic/playbooks/{{ . }}, readOnly: true}
        {{- end }}
        {{- with .Values.bot.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: settings
      configMap: {name: {{ include "netmedic.fullname" . }}}
    - name: tmp
      emptyDir: {sizeLimit: 64Mi}
    {{- if include "netmedic.sqlite" . }}
    {{- if not .Values.database.persistence.enabled }}
    - name: database
      emptyDir: {}
    {{- else }}
    - name: database
      persistentVolumeClaim: {claimName: {{ include "netmedic.claim" . }}}
    {{- end }}
    {{- end }}
    {{- range .Values.rules.configMaps }}
    - name: rules-{{ . }}
      configMap: {name: {{ . }}}
    {{- end }}
    {{- range .Values.playbooks.configMaps }}
    - name: playbooks-{{ . }}
      configMap: {name: {{ . }}}
    {{- end }}
    {{- with .Values.bot.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}
