#include <doctest/doctest.h>

#include "hello/readiness.h"
#include "support/fake_objects.h"

using namespace hello;
using namespace hello::test;
using State = kube::Readiness::State;

namespace {

struct Case {
  const char *kind, *rest; ///< api version and kind; what the object has besides
  State state;
  const char *text;
};

constexpr Case kCases[] = {
    {"apps/v1 Deployment", "metadata: {generation: 2}, status: {observedGeneration: 1}",
     State::waiting, "its controller has not looked at it yet"},
    {"apps/v1 Deployment",
     "spec: {replicas: 2}, status: {observedGeneration: 1, updatedReplicas: 2, availableReplicas: "
     "1}",
     State::waiting, "1 of 2 available"},
    {"apps/v1 Deployment",
     "spec: {replicas: 1}, status: {observedGeneration: 1, updatedReplicas: 1, availableReplicas: "
     "1, replicas: 2}",
     State::waiting, "old pods are ending"},
    {"apps/v1 Deployment",
     "status: {observedGeneration: 1, updatedReplicas: 1, availableReplicas: 1, replicas: 1}",
     State::done, ""},
    {"apps/v1 Deployment",
     "status: {observedGeneration: 1, conditions: [{type: Progressing, status: 'False', reason: "
     "ProgressDeadlineExceeded}]}",
     State::failed, "the progress deadline has passed (ProgressDeadlineExceeded)"},
    {"apps/v1 StatefulSet",
     "spec: {replicas: 3}, status: {observedGeneration: 1, updatedReplicas: 1, availableReplicas: "
     "3, currentRevision: a, updateRevision: b}",
     State::waiting, "3 of 3 available, 1 updated"},
    {"apps/v1 StatefulSet",
     "spec: {replicas: 3, updateStrategy: {rollingUpdate: {partition: 2}}}, status: "
     "{observedGeneration: 1, updatedReplicas: 1, availableReplicas: 3, currentRevision: a, "
     "updateRevision: b}",
     State::done, ""},
    {"apps/v1 DaemonSet",
     "status: {observedGeneration: 1, desiredNumberScheduled: 3, updatedNumberScheduled: 3, "
     "numberAvailable: 2}",
     State::waiting, "2 of 3 available"},
    {"apps/v1 DaemonSet",
     "spec: {updateStrategy: {type: OnDelete}}, status: {observedGeneration: 1, "
     "desiredNumberScheduled: 3, numberAvailable: 3}",
     State::done, ""},
    {"batch/v1 Job", "spec: {completions: 2}, status: {succeeded: 1}", State::waiting,
     "1 of 2 succeeded"},
    {"batch/v1 Job", "status: {conditions: [{type: Complete, status: 'True'}]}", State::done, ""},
    {"batch/v1 Job",
     "status: {conditions: [{type: Failed, status: 'True', reason: BackoffLimitExceeded}]}",
     State::failed, "the Job failed (BackoffLimitExceeded)"},
    {"batch/v1 CronJob", "spec: {}", State::done, ""},
    {"v1 Pod", "status: {phase: Succeeded}", State::done, ""},
    {"v1 Pod", "status: {phase: Pending}", State::waiting, "the pod is not ready"},
    {"v1 PersistentVolumeClaim", "status: {phase: Bound}", State::done, ""},
    {"v1 PersistentVolumeClaim", "status: {phase: Pending}", State::waiting,
     "no volume is bound to it yet"},
    {"v1 PersistentVolumeClaim", "status: {phase: Lost}", State::failed, "its volume is lost"},
    {"v1 Service", "spec: {type: ClusterIP}", State::done, ""},
    {"v1 Service", "spec: {type: LoadBalancer}", State::warning, "it has no address yet"},
    {"networking.k8s.io/v1 Ingress", "status: {loadBalancer: {ingress: [{ip: 1.2.3.4}]}}",
     State::done, ""},
    {"gateway.networking.k8s.io/v1 HTTPRoute", "spec: {}", State::unknown,
     "no controller has looked at it"},
    {"gateway.networking.k8s.io/v1 HTTPRoute",
     "status: {parents: [{parentRef: {name: g}, conditions: [{type: Accepted, status: 'True'}, "
     "{type: ResolvedRefs, status: 'False', reason: BackendNotFound}]}]}",
     State::failing, "Gateway g: ResolvedRefs is False (BackendNotFound)"},
    {"gateway.networking.k8s.io/v1 HTTPRoute",
     "metadata: {generation: 2}, status: {parents: [{parentRef: {name: g}, conditions: [{type: "
     "Accepted, status: 'True', observedGeneration: 1}, {type: ResolvedRefs, status: 'True'}]}]}",
     State::waiting, "Gateway g has not accepted it yet"},
    {"gateway.networking.k8s.io/v1 HTTPRoute",
     "spec: {parentRefs: [{name: g}, {name: h}]}, status: {parents: [{parentRef: {name: g}, "
     "conditions: [{type: Accepted, status: 'True'}, {type: ResolvedRefs, status: 'True'}]}]}",
     State::waiting, "Gateway h has not looked at it yet"},
    {"gateway.networking.k8s.io/v1 HTTPRoute", // g was one of its Gateways before
     "metadata: {namespace: n, generation: 2}, spec: {parentRefs: [{name: h}]}, status: {parents: "
     "[{parentRef: {name: g}, conditions: [{type: Accepted, status: 'False'}]}]}",
     State::unknown, "no controller has looked at it"},
    {"gateway.networking.k8s.io/v1 HTTPRoute", // one Gateway, by two of its listeners
     "metadata: {namespace: n}, spec: {parentRefs: [{name: g, sectionName: a}, {name: g, "
     "sectionName: b}]}, status: {parents: [{parentRef: {name: g, namespace: n, sectionName: a}, "
     "conditions: [{type: Accepted, status: 'True'}, {type: ResolvedRefs, status: 'True'}]}, "
     "{parentRef: {name: other}, conditions: []}]}",
     State::waiting, "Gateway g has not looked at it yet"},
    {"gateway.networking.k8s.io/v1 GRPCRoute",
     "spec: {parentRefs: [{name: g}]}, status: {parents: [{parentRef: {name: g}, conditions: "
     "[{type: Accepted, status: 'False', reason: NoMatchingParent}]}]}",
     State::failing, "Gateway g: Accepted is False (NoMatchingParent)"},
    {"autoscaling/v2 HorizontalPodAutoscaler",
     "status: {conditions: [{type: ScalingActive, status: 'False', reason: "
     "FailedGetResourceMetric}]}",
     State::warning, "it gets no metrics (FailedGetResourceMetric)"},
    {"apiextensions.k8s.io/v1 CustomResourceDefinition", "spec: {}", State::waiting,
     "not established"},
    {"apiextensions.k8s.io/v1 CustomResourceDefinition",
     "status: {conditions: [{type: Established, status: 'True'}]}", State::done, ""},
    {"apiregistration.k8s.io/v1 APIService",
     "status: {conditions: [{type: Available, status: 'False', reason: MissingEndpoints}]}",
     State::waiting, "the API is not available (MissingEndpoints)"},
    {"example.org/v1 Gizmo", "spec: {}", State::unknown, "no condition tells whether it is ready"},
    {"example.org/v1 Gizmo",
     "metadata: {generation: 3}, status: {observedGeneration: 2, conditions: [{type: Ready, "
     "status: "
     "'True'}]}",
     State::waiting, "its controller has not looked at it yet"},
    {"example.org/v1 Gizmo", "status: {conditions: [{type: Ready, status: Unknown}]}",
     State::waiting, "Ready is Unknown"},
    {"example.org/v1 Gizmo",
     "status: {conditions: [{type: Ready, status: 'True'}, {type: Stalled, status: 'True', reason: "
     "Bad}]}",
     State::failing, "Stalled is True (Bad)"},
    {"example.org/v1 Gizmo",
     "metadata: {generation: 3}, status: {conditions: [{type: Ready, status: 'True'}, {type: "
     "Stalled, status: 'True', reason: Bad, observedGeneration: 2}]}",
     State::done, ""},
    {"example.org/v1 Gizmo", "status: {conditions: [{type: Reconciled, status: 'True'}]}",
     State::done, ""},
    {"snapshot.storage.k8s.io/v1 VolumeSnapshot", "spec: {}", State::unknown,
     "no condition tells whether it is ready"}, // a group of Kubernetes, but by a definition
    {"autoscaling.k8s.io/v1 VerticalPodAutoscaler",
     "status: {conditions: [{type: Ready, status: 'False'}]}", State::waiting, "Ready is False"},
    {"coordination.k8s.io/v1 Lease", "spec: {}", State::done, ""},
    {"v1 ConfigMap", "data: {}", State::done, ""},
};

} // namespace

TEST_CASE("readiness: each kind by its own rule") {
  for (const Case &one : kCases) {
    const std::string_view kind = one.kind;
    const std::size_t blank = kind.find(' ');
    CAPTURE(kind);
    CAPTURE(one.rest);
    const kube::Readiness found =
        kube::readiness(object("{apiVersion: " + std::string(kind.substr(0, blank)) + ", kind: " +
                               std::string(kind.substr(blank + 1)) + ", " + one.rest + "}"));
    CHECK(found.state == one.state);
    CHECK(found.text == one.text);
  }
}
