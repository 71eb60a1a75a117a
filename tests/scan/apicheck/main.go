// Decodes YAML documents strictly, defaults them, and runs the API server's own create strategies (validation) and
// Pod Security restricted. Not a cluster: no admission plugins, no CRDs. What is printed after "DOCUMENT N" is about that one.
package main

import (
	"bufio"
	"context"
	_ "embed"
	"fmt"
	"io"
	"os"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/warning"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	_ "k8s.io/kubernetes/pkg/apis/autoscaling/install"
	_ "k8s.io/kubernetes/pkg/apis/batch/install"
	_ "k8s.io/kubernetes/pkg/apis/coordination/install"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	_ "k8s.io/kubernetes/pkg/apis/policy/install"
	_ "k8s.io/kubernetes/pkg/apis/rbac/install"
	_ "k8s.io/kubernetes/pkg/apis/scheduling/install"
	_ "k8s.io/kubernetes/pkg/apis/storage/install"
	"k8s.io/kubernetes/pkg/capabilities"
	"k8s.io/kubernetes/pkg/registry/apps/daemonset"
	"k8s.io/kubernetes/pkg/registry/apps/deployment"
	"k8s.io/kubernetes/pkg/registry/apps/replicaset"
	"k8s.io/kubernetes/pkg/registry/apps/statefulset"
	"k8s.io/kubernetes/pkg/registry/autoscaling/horizontalpodautoscaler"
	"k8s.io/kubernetes/pkg/registry/batch/cronjob"
	"k8s.io/kubernetes/pkg/registry/batch/job"
	"k8s.io/kubernetes/pkg/registry/coordination/lease"
	"k8s.io/kubernetes/pkg/registry/core/configmap"
	"k8s.io/kubernetes/pkg/registry/core/limitrange"
	"k8s.io/kubernetes/pkg/registry/core/namespace"
	"k8s.io/kubernetes/pkg/registry/core/persistentvolumeclaim"
	"k8s.io/kubernetes/pkg/registry/core/pod"
	"k8s.io/kubernetes/pkg/registry/core/resourcequota"
	"k8s.io/kubernetes/pkg/registry/core/secret"
	"k8s.io/kubernetes/pkg/registry/core/service"
	"k8s.io/kubernetes/pkg/registry/core/serviceaccount"
	"k8s.io/kubernetes/pkg/registry/networking/ingress"
	"k8s.io/kubernetes/pkg/registry/networking/ingressclass"
	"k8s.io/kubernetes/pkg/registry/networking/networkpolicy"
	"k8s.io/kubernetes/pkg/registry/policy/poddisruptionbudget"
	"k8s.io/kubernetes/pkg/registry/rbac/clusterrole"
	"k8s.io/kubernetes/pkg/registry/rbac/clusterrolebinding"
	"k8s.io/kubernetes/pkg/registry/rbac/role"
	"k8s.io/kubernetes/pkg/registry/rbac/rolebinding"
	"k8s.io/kubernetes/pkg/registry/scheduling/priorityclass"
	"k8s.io/kubernetes/pkg/registry/storage/storageclass"
	psa "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/structured-merge-diff/v6/typed"
)

//go:embed schema.yaml
var schema string

type warner struct{ n string }

func (w warner) AddWarning(agent, text string) { fmt.Printf("WARN %s: %s\n", w.n, text) }

// Some faults make the validation itself panic; the API server answers 500 then, and makes nothing.
func beforeCreate(strategy rest.RESTCreateStrategy, ctx context.Context, obj runtime.Object) (err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("panic: %v", problem)
		}
	}()
	return rest.BeforeCreate(strategy, ctx, obj)
}

func main() {
	strict := serializer.NewCodecFactory(legacyscheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	strategies := map[string]rest.RESTCreateStrategy{
		"Deployment": deployment.Strategy, "DaemonSet": daemonset.Strategy, "HorizontalPodAutoscaler": horizontalpodautoscaler.Strategy,
		"ConfigMap": configmap.Strategy, "LimitRange": limitrange.Strategy, "Namespace": namespace.Strategy,
		"ResourceQuota": resourcequota.Strategy, "Secret": secret.Strategy, "Pod": pod.Strategy, "Service": service.Strategy,
		"ServiceAccount": serviceaccount.Strategy, "Ingress": ingress.Strategy, "NetworkPolicy": networkpolicy.Strategy,
		"PodDisruptionBudget": poddisruptionbudget.Strategy, "StatefulSet": statefulset.Strategy,
		"ReplicaSet": replicaset.Strategy, "Job": job.Strategy, "CronJob": cronjob.Strategy,
		"PersistentVolumeClaim": persistentvolumeclaim.Strategy, "Role": role.Strategy, "RoleBinding": rolebinding.Strategy,
		"ClusterRole": clusterrole.Strategy, "ClusterRoleBinding": clusterrolebinding.Strategy,
		"IngressClass": ingressclass.Strategy, "PriorityClass": priorityclass.Strategy,
		"StorageClass": storageclass.Strategy, "Lease": lease.Strategy}
	capabilities.Setup(true, 0) // clusters have --allow-privileged
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks())
	if err != nil {
		panic(err)
	}
	r := utilyaml.NewYAMLReader(bufio.NewReader(os.Stdin))
	parser, err := typed.NewParser(typed.YAMLObject(schema))
	if err != nil {
		panic(err)
	}
	bad, n := 0, 0
	for document := 0; ; document++ {
		doc, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			fmt.Println("FAIL read", err)
			os.Exit(1)
		}
		fmt.Println("DOCUMENT", document)
		obj, gvk, err := strict.Decode(doc, nil, nil)
		if runtime.IsNotRegisteredError(err) {
			fmt.Println("SKIP", err)
			continue
		}
		if err != nil {
			fmt.Println("FAIL decode:", err)
			bad++
			continue
		}
		n++
		name := "io.k8s.api." + map[string]string{"": "core", "apps": "apps", "autoscaling": "autoscaling", "policy": "policy", "networking.k8s.io": "networking", "rbac.authorization.k8s.io": "rbac", "batch": "batch",
			"scheduling.k8s.io": "scheduling", "storage.k8s.io": "storage", "coordination.k8s.io": "coordination"}[gvk.Group] + "." + gvk.Version + "." + gvk.Kind
		if _, err := parser.Type(name).FromYAML(typed.YAMLObject(doc)); err != nil {
			fmt.Println("SSA-FAIL", err)
			bad++
		}
		legacyscheme.Scheme.Default(obj)
		if d, ok := obj.(*appsv1.Deployment); ok {
			res := policy.AggregateCheckResults(evaluator.EvaluatePod(psa.LevelVersion{Level: psa.LevelRestricted, Version: psa.LatestVersion()}, &d.Spec.Template.ObjectMeta, &d.Spec.Template.Spec))
			if !res.Allowed {
				fmt.Println("PSA", res.ForbiddenDetail())
			}
		}
		strategy, ok := strategies[gvk.Kind]
		if !ok {
			fmt.Println("SKIP", gvk)
			continue
		}
		internal, err := legacyscheme.Scheme.ConvertToVersion(obj, runtime.InternalGroupVersioner)
		if err != nil {
			fmt.Println("FAIL convert", err)
			bad++
			continue
		}
		ctx := warning.WithWarningRecorder(genericapirequest.NewContext(), warner{gvk.Kind})
		ctx = genericapirequest.WithNamespace(ctx, "")
		if strategy.NamespaceScoped() {
			acc, _ := internal.(interface{ GetNamespace() string })
			ns := "default"
			if acc != nil && acc.GetNamespace() != "" {
				ns = acc.GetNamespace()
			}
			ctx = genericapirequest.WithNamespace(ctx, ns)
		}
		ctx = genericapirequest.WithRequestInfo(ctx, &genericapirequest.RequestInfo{APIGroup: gvk.Group, APIVersion: gvk.Version})
		if acc, ok := internal.(metav1.Object); ok {
			rest.FillObjectMetaSystemFields(acc)
		}
		if err := beforeCreate(strategy, ctx, internal); err != nil {
			fmt.Println("FAIL", err)
			bad++
		}
	}
	fmt.Printf("objects %d bad %d\n", n, bad)
	if bad > 0 {
		os.Exit(1)
	}
}
