#include "config/patterns.h"
#include "config/types.h"

namespace hello::config {
namespace {

constexpr std::string_view kProbeKeys =
    "initialDelaySeconds|periodSeconds|timeoutSeconds|successThreshold|failureThreshold|"
    "terminationGracePeriodSeconds|httpHeaders";

// A row: key, type, default (empty: none), doc, own flag. Everything else comes from it: file,
// environment, --set, schema, starter file and `hello config`. A test checks that templates use it.
constexpr Setting kSettings[] = {
    // What runs
    {"messages", needed(lines_up_to(512 << 10), "write \"\" for no text"), "Hello, World!",
     "The text that the service shows; each line is a message. At most 131,062 bytes (512 KiB with "
     "reload: live)."},
    {"reload", choice("restart|live"), "restart",
     "A changed message restarts the pods (restart), or is mounted and shown without a restart "
     "(live)."},
    {"image", needed(string(kImage), "a container must have an image"), kOwnImage,
     "The container image, preferably by digest: registry/hello@sha256:….", "--image"},
    {"imagePullPolicy", choice("Always|IfNotPresent|Never"), "",
     "By default Always where the image names a registry or a digest, IfNotPresent for a bare "
     "local name."},
    {"imagePullSecrets", list(kSubdomain), "[]", "Names of pull secrets for the image's registry."},
    {"command", list({".", "word of a command"}), "[]",
     "The container's command, which gets hello's arguments; empty: the image's own."},
    {"args", list({".", "flag of hello serve"}), "[]",
     "Additional flags for `hello serve`; see `hello serve --help`."},
    {"echo.enabled", boolean(), "false",
     "Serves /echo below the page's path, which shows each request as it arrived, with credentials "
     "masked: to test the proxies in front of the service."},
    {"drills.enabled", boolean(), "false",
     "The service takes faults on request, from `hello drill`; see docs/drills.md."},
    {"drills.protectedContexts", list({".", "word"}), "[prod, production, live]",
     "Words in a context's name, between separators, that make `hello drill` demand --yes-really."},
    {"env", list(), "[]", "Additional environment variables, as in a container's env."},
    {"envFrom", list(), "[]",
     "Environment variables from whole ConfigMaps and Secrets, as in a container."},
    {"probes.startup", with_keys(each_with_default(), kProbeKeys),
     "{periodSeconds: 1, timeoutSeconds: 3, failureThreshold: 30}",
     "Times, counts and httpHeaders of the startup probe, as in a container; null: no probe."},
    {"probes.readiness", with_keys(each_with_default(), kProbeKeys),
     "{periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 2}",
     "The same for the readiness probe."},
    {"probes.liveness", with_keys(each_with_default(), kProbeKeys),
     "{periodSeconds: 10, timeoutSeconds: 3, failureThreshold: 3}",
     "The same for the liveness probe."},
    {"containers", list(), "[]", "More containers of the pod, complete."},
    {"initContainers", list(), "[]",
     "Containers that run before the others, or beside them (restartPolicy: Always), complete."},
    {"securityContext", map(),
     "{runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, allowPrivilegeEscalation: false, "
     "readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}, seccompProfile: {type: "
     "RuntimeDefault}}",
     "The container's security context, complete. OpenShift assigns the user itself: there, leave "
     "out runAsUser and runAsGroup here and in podSecurityContext."},
    {"podSecurityContext", map(),
     "{runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, seccompProfile: {type: "
     "RuntimeDefault}}",
     "The pod's security context, complete."},

    // Where
    {"name", needed(string(kRelease), kUseDefault), "hello",
     "The name of the release and of its objects. Several releases can share a namespace.",
     "--name"},
    {"namespace.name", needed(string(kLabel), kUseDefault), "hello",
     "The Kubernetes namespace. Short form: `namespace: NAME`.", "--namespace"},
    {"namespace.create", boolean(), "true",
     "Includes the Namespace in the manifests, with the restricted Pod Security labels and a "
     "default-deny policy. If false, an administrator owns the namespace."},
    {"kubeContext", string(), "",
     "The kubectl context; set it in contexts.NAME if the two names differ. Empty: kubectl's "
     "current context."},
    {"kubeVersion",
     needed(string({"^v?1\\.(29|[3-9][0-9])(\\.[0-9]+.*)?$", "Kubernetes version, 1.29 or newer"}),
            kUseDefault),
     "1.30", "Oldest Kubernetes version to support. 1.29 leaves out the native sleep in preStop.",
     "--kube-version"},

    // How many
    {"replicas", integer(0, 1000), "2", "Number of pods if autoscaling.enabled is false."},
    {"autoscaling.enabled", boolean(), "true",
     "A HorizontalPodAutoscaler decides how many pods run; it needs metrics, see docs/metrics.md."},
    {"autoscaling.minReplicas", integer(1, 1000), "2", "Minimum number of pods."},
    {"autoscaling.maxReplicas", needed(integer(1, 1000), "a HorizontalPodAutoscaler must have it"),
     "5", "Maximum number of pods."},
    {"autoscaling.cpu", integer(0, 10000, "percent"), "25",
     "Target for the pods' average CPU use, relative to their requests; 0: not used."},
    {"autoscaling.memory", integer(0, 10000, "percent"), "0",
     "Target for the pods' average memory use, relative to their requests; 0: not used."},
    {"autoscaling.requestsPerSecond", quantity(), "",
     "Target for each pod's requests per second, from custom.metrics.k8s.io; empty: not used."},
    {"autoscaling.requestsMetric", needed(string(), kUseDefault), "hello_http_requests_per_second",
     "The metrics adapter's name for requests per second by pod."},
    {"autoscaling.external.metric", string(), "",
     "A metric of external.metrics.k8s.io, such as a queue's length; empty: not used."},
    {"autoscaling.external.selector", texts(), "{}", "Labels of the metric's series."},
    {"autoscaling.external.value", quantity(), "", "Target value; or set averageValue."},
    {"autoscaling.external.averageValue", quantity(), "", "Target value per pod."},
    {"autoscaling.metrics", list(), "[]",
     "More metrics, as in autoscaling/v2, such as several external ones."},
    {"autoscaling.behavior", map(), "{}",
     "scaleUp and scaleDown policies, as in autoscaling/v2; empty: Kubernetes' own."},
    {"podDisruptionBudget.enabled", boolean(), "true",
     "Limits how many pods a node drain takes away at a time."},
    {"podDisruptionBudget.maxUnavailable", string(kCount), "1",
     "Pods that may be unavailable during a drain: a number or a percentage."},
    {"podDisruptionBudget.minAvailable", string(kCount), "",
     "Pods that must stay available, instead of maxUnavailable."},

    // How it is reached
    {"expose", choice("ingress|gateway|loadBalancer|nodePort|none"), "ingress",
     "How the service is reached from outside the cluster."},
    {"basePath", needed(string(kBasePath), "write / for the root"), "/",
     "The path of the page, for a proxy that does not strip it. It is the default path of the "
     "Ingress and HTTPRoute, and a deploy sends its test request there."},
    {"service.port", needed(integer(1, 65535), "a Service must have a port"), "80",
     "The Service's port, which leads to the public port of the pods."},
    {"service.annotations", texts(), "{}",
     "Annotations for the Service; those of loadBalancer win."},
    {"service.clusterIP", string({"^(None|[0-9a-fA-F.:]+)$", "IP address, or None"}), "",
     "The Service's address; None: headless, names resolve to the pods."},
    {"service.ipFamilyPolicy", choice("SingleStack|PreferDualStack|RequireDualStack"), "",
     "IPv4 and IPv6 for the Service."},
    {"service.sessionAffinity", choice("None|ClientIP"), "",
     "ClientIP: each client keeps its pod."},
    {"ports", with_keys(list(), "name|port|targetPort|protocol|appProtocol|nodePort|allowIngress"),
     "[]",
     "More ports of the Service: {name, port, targetPort, protocol, appProtocol, nodePort, "
     "allowIngress}; targetPort names a port of `containers`, by default the one called name. Only "
     "allowIngress: true opens it in the NetworkPolicy."},
    {"ingress.className", string(kSubdomain), "",
     "The IngressClass; empty: the cluster's default."},
    {"ingress.hosts", list(kHost), "[NAME.localhost]", "Host names."},
    {"ingress.paths", list(kPath), "[]", "Paths of each host; empty: basePath."},
    {"ingress.pathType", choice("Prefix|Exact|ImplementationSpecific"), "Prefix",
     "How the paths match."},
    {"ingress.rules", with_keys(list(), "host|paths|secretName"), "[]",
     "Paths and certificate of each host, instead of ingress.hosts: {host, paths, secretName}; "
     "without paths, ingress.paths; without secretName, that of ingress.tls."},
    {"ingress.tls.secretName", string(kSubdomain), "",
     "The secret with the certificate of all hosts; empty: no TLS, or NAME-tls if an issuer is "
     "set."},
    {"ingress.tls.clusterIssuer", string(), "",
     "The cert-manager ClusterIssuer that issues the certificate."},
    {"ingress.tls.issuer", string(), "",
     "The cert-manager Issuer, in the same namespace, that issues the certificate."},
    {"ingress.annotations", texts(), "{}", "Annotations for the Ingress controller."},
    {"ingress.trustedProxies", list(kRange), "[]",
     "CIDRs of the Ingress controller's pods or nodes: log lines then have the client's address, "
     "from X-Forwarded-For."},
    {"gateway.parentRefs", with_keys(list(), "name|namespace|sectionName|port|group|kind"), "[]",
     "The Gateways that the HTTPRoute attaches to: {name, namespace, sectionName}; required with "
     "expose: gateway."},
    {"gateway.hostnames", list(kHost), "[NAME.localhost]",
     "Host names; empty: all of the Gateway's."},
    {"gateway.paths", list(kPath), "[]", "Path prefixes; empty: basePath."},
    {"loadBalancer.class", string(), "",
     "The load balancer's class; empty: the cluster's default."},
    {"loadBalancer.sourceRanges", list(kRange), "[]", "CIDRs that may connect; empty: all."},
    {"loadBalancer.externalTrafficPolicy", choice("Cluster|Local"), "",
     "Local keeps the client's address, Cluster (Kubernetes' default) spreads the load better."},
    {"loadBalancer.annotations", texts(), "{}", "Annotations for the cloud's load balancer."},
    {"nodePort.port", integer(0, 65535), "0", "The port on every node; 0: the cluster chooses."},
    {"nodePort.externalTrafficPolicy", choice("Cluster|Local"), "", "As for loadBalancer."},
    {"networkPolicy.enabled", boolean(), "true",
     "Lets in only the traffic that is needed, and nothing out."},
    {"networkPolicy.defaultDeny", boolean(), "true",
     "If the manifests include the Namespace: denies its other pods all traffic too."},
    {"networkPolicy.ingressNamespace", string(kLabel), "",
     "The namespace of the Ingress or Gateway controller's pods; only they may reach the public "
     "port. Empty: any address may, as a controller in the host's network needs."},
    {"networkPolicy.monitoringNamespace",
     needed(string(kLabel), "metrics.scrape: none closes the admin port"), "monitoring",
     "The namespace whose pods may reach the admin port, while metrics.scrape is not none."},
    {"networkPolicy.monitoringPods", texts(), "{}",
     "Labels of the pods in that namespace that scrape; empty: all of them."},
    {"networkPolicy.egress", list(), "[]",
     "Egress rules, as in a NetworkPolicy, for what an added container or patch needs."},
    {"networkPolicy.dns", boolean(), "false", "Lets the pods query the cluster's DNS."},

    // What it may use
    {"serviceAccount.create", boolean(), "true",
     "Includes the ServiceAccount in the manifests. If false, serviceAccount.name names an account "
     "that is managed elsewhere."},
    {"serviceAccount.name", string(kSubdomain), "",
     "The account that the pods run as; empty: the release's name. Short form: `serviceAccount: "
     "NAME`."},
    {"serviceAccount.annotations", texts(), "{}",
     "Annotations for the ServiceAccount, such as its cloud role."},
    {"resources.requests.cpu", quantity(), "100m",
     "CPU that the scheduler reserves for a pod; the autoscaler counts it as 100 %."},
    {"resources.requests.memory", quantity(), "32Mi", "The same for memory."},
    {"resources.requests.ephemeral-storage", quantity(), "64Mi", "The same for the node's disk."},
    {"resources.limits.cpu", quantity(), "1", "CPU limit; hello serve starts as many event loops."},
    {"resources.limits.memory", quantity(), "128Mi", "Memory limit: a pod beyond it is killed."},
    {"resources.limits.ephemeral-storage", quantity(), "512Mi",
     "Disk limit: /tmp and the container's log, which the kubelet rotates only now and then. A pod "
     "beyond it is evicted."},
    {"tmp.sizeLimit", quantity(), "32Mi", "Size of the emptyDir at /tmp."},
    {"tmp.medium", choice("Memory"), "",
     "Memory: /tmp is in memory, and counts against the container's limit."},
    {"resourceQuota.enabled", boolean(), "false", "A ResourceQuota on the namespace."},
    {"resourceQuota.hard", quantities(),
     "{pods: 20, requests.cpu: 4, requests.memory: 2Gi, requests.ephemeral-storage: 4Gi, "
     "limits.cpu: 24, limits.memory: 4Gi, limits.ephemeral-storage: 16Gi}",
     "Its limits; the default has room for maxReplicas and a rollout's surge."},
    {"limitRange.enabled", boolean(), "false",
     "A LimitRange: defaults for containers that set none."},
    {"limitRange.limits", list(),
     "[{type: Container, default: {cpu: 500m, memory: 128Mi, ephemeral-storage: 256Mi}, "
     "defaultRequest: {cpu: 50m, memory: 32Mi, ephemeral-storage: 32Mi}}]",
     "Its limits, as in a LimitRange."},

    // Where its pods go, and how they change
    {"priorityClassName", string(kSubdomain), "", "The pods' PriorityClass."},
    {"runtimeClassName", string(kSubdomain), "", "The pods' RuntimeClass."},
    {"hostAliases", list(), "[]", "More lines of /etc/hosts, as in a pod."},
    {"dnsConfig", map(), "{}", "As in a pod."},
    {"nodeSelector", texts(), "{}", "Labels of the nodes that may run the pods."},
    {"tolerations", list(), "[]", "As in a pod."},
    {"affinity", map(), "{}", "As in a pod; empty: pods avoid each other's node if possible."},
    {"topologySpread", choice("ScheduleAnyway|DoNotSchedule|none"), "ScheduleAnyway",
     "Spreads pods over nodes and zones: if possible (ScheduleAnyway), strictly (DoNotSchedule), "
     "or not at all (none)."},
    {"topologySpreadConstraints", list(), "[]", "As in a pod, instead of topologySpread."},
    {"strategy.maxSurge", string({"^[0-9]+%?$", "pod count or percentage"}), "50%",
     "Pods above the desired number during a rollout."},
    {"strategy.maxUnavailable", string(kCount), "0",
     "Pods that may be unavailable during a rollout."},
    {"minReadySeconds", integer(0, 3600, "seconds"), "0", "How long a pod must be ready to count."},
    {"progressDeadlineSeconds", integer(1, 86400, "seconds"), "300",
     "How long a rollout may make no progress before Kubernetes counts it as failed."},
    {"revisionHistoryLimit", integer(0, 100), "3", "Number of old ReplicaSets to keep."},
    {"termination.preStop", duration(0, 600), "5s",
     "How long a terminating pod keeps serving, until no load balancer sends it requests."},
    {"termination.drainTimeout", needed(duration(1, 3600), kUseDefault), "20s",
     "Time after that for in-flight requests to finish."},
    {"volumes", list(), "[]", "Additional volumes, as in a pod."},
    {"volumeMounts", list(), "[]", "Where they are mounted, as in a container."},
    {"labels", texts(), "{}", "Labels for every object and the pods."},
    {"annotations", texts(), "{}", "Annotations for every object."},
    {"podAnnotations", texts(), "{}", "Annotations for the pods."},
    {"metadata", by_name(), "{}",
     "Labels and annotations for one object: {Service: {annotations: {key: value}}}, by its kind, "
     "or KIND/NAME."},

    // Metrics and logs
    {"metrics.scrape", choice("annotations|podMonitor|none"), "annotations",
     "How Prometheus finds the admin port: annotations on the pods, a PodMonitor (Prometheus "
     "operator), or not at all."},
    {"metrics.rules", choice("none|configMap|prometheusRule"), "none",
     "Alerts and recording rules of this release, as a ConfigMap or a PrometheusRule (Prometheus "
     "operator); see docs/alerts.md."},
    {"metrics.dashboard", choice("none|configMap"), "none",
     "A Grafana dashboard of this release, in a ConfigMap with the label grafana_dashboard."},
    {"metrics.runbookBase", string({"^https?://[^ ]*[^/ ]$", "URL without a slash at its end"}), "",
     "Where the folder docs is published: alerts link to its alerts.md; empty: no link."},
    {"metrics.objectLabels", texts(), "{}",
     "Labels by which others find PodMonitor, PrometheusRule and these ConfigMaps, such as "
     "{release: kube-prometheus-stack}."},
    {"metrics.labelNames.namespace", needed(string(kMetricLabel), kUseDefault), "namespace",
     "What your Prometheus calls the label with a pod's namespace."},
    {"metrics.labelNames.pod", needed(string(kMetricLabel), kUseDefault), "pod",
     "The same for the pod's name."},
    {"metrics.labelNames.release", needed(string(kMetricLabel), kUseDefault), "release",
     "The same for the pod's release; exported_release if a scrape adds a label of that name."},
    {"metrics.labelNames.cluster", needed(string(kMetricLabel), kUseDefault), "cluster",
     "The same for the pod's cluster; this label may be missing."},
    {"metrics.selector", texts(), "{}",
     "More labels that this release's series have in your Prometheus, such as {cluster: eu}."},
    {"monitoring.prometheus", string({"^http://[^ ]+$", "URL that begins with http://"}), "",
     "A Prometheus that `hello status` asks for firing alerts, `hello top` for rates and `hello "
     "check` for a scraped pod; an address NAME.NAMESPACE.svc is asked through the API server."},
    {"logging.access", choice("on|off|json|text"), "on",
     "A line on stdout for each request. json and text are deprecated: they mean on, and set "
     "logging.format."},
    {"logging.format", choice("json|text"), "json",
     "The form of all lines that the service and its streaming sidecar log."},
    {"logging.sidecar", choice("none|stream|agent"), "none",
     "The access log goes to a file in /tmp, and a sidecar copies it to its own stdout (stream) or "
     "sends it to the store (agent)."},
    {"logging.endpoint",
     string({"^https?://[^/:@ ]+(:[0-9]{1,5})?(/[^ ]*)?$",
             "URL: https://host[:port][/path], without a user"}),
     "",
     "The full URL to which the log agents send OTLP over HTTP: "
     "http://loki.logs.svc:3100/otlp/v1/logs."},
    {"logging.authorizationSecret", string(kSubdomain), "",
     "A secret in the agent's namespace; its key authorization is sent as that header."},
    {"logging.image", needed(string(kImage), "a container must have an image"),
     "otel/opentelemetry-collector-k8s:0.160.0", "The log agents' image."},
    {"logging.namespace", needed(string(kLabel), kUseDefault), "hello-logging",
     "The node agent's own namespace (render --with logging)."},
    {"logging.namespaces", list(kLabel), "[]",
     "Namespaces whose logs the node agent reads; empty: all."},

    // What no key covers
    {"patches", with_keys(appended(), "target|type|patch"), "[]",
     "Changes to the rendered manifests: {target: {kind, name}, type: merge|apply|json, patch}, "
     "see "
     "docs/configuration.md."},
    {"extraManifests", appended(), "[]",
     "Additional Kubernetes objects, complete, for the same release."},
    {"clusterScopedKinds",
     list({"^[A-Z][A-Za-z0-9]*(\\.[a-z0-9.-]+)?$", "kind: Widget, or Widget.example.com"}), "[]",
     "Kinds of extra manifests without a namespace. hello knows this of common kinds, and of those "
     "whose CustomResourceDefinition is in the set."},
    {"lint.allow", list({".", "name of a rule"}), "[]",
     "Rules of `hello lint` that this release may break; `hello lint --rules` lists them."},

    // The acceptance test, `hello check`
    {"check.image", string(kImage), "",
     "The image of the check's client pods; empty: `image`. It must be hello of the same version."},
    {"check.externalName", string(kSubdomain), "",
     "A name outside the cluster that pods must be able to look up; empty: not checked."},
    {"check.bounds", texts(), "{}",
     "Limits instead of the check's own, such as {start.fail: 2m}; docs/check.md lists them."},
    {"check.sourceRanges", list(kRange), "[]",
     "CIDRs that may reach the load balancer of the check load-balancer; empty: all."},
    {"check.storageClass", string(kSubdomain), "",
     "The StorageClass of the check's claim; empty: the cluster's default one."},
    {"check.logs.url", string({"^https?://[^ ]+$", "URL that begins with http:// or https://"}), "",
     "A query of your log store that finds the lines with {marker}; empty: not checked. "
     "docs/check.md has examples."},
    {"check.logs.header",
     string({"^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$", "env:NAME or file:PATH"}), "",
     "Where the header for that query is, such as `Authorization: Bearer TOKEN`: env:NAME or "
     "file:PATH."},

    // The deploy itself
    {"timeout", needed(duration(1, 86400), kUseDefault), "5m", "Time limit for a deploy.",
     "--timeout"},
    {"grace", needed(duration(0, 86400), "write 0 for none"), "30s",
     "How long a recoverable problem (pull, crash loop, probe, unschedulable) may last before the "
     "deploy fails.",
     "--grace"},
};

} // namespace

std::span<const Setting> settings() { return kSettings; }

} // namespace hello::config
