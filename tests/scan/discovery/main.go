// Prints the Prometheus configuration that the Prometheus operator makes of the PodMonitors and ServiceMonitors on stdin.
package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/prometheus-operator/prometheus-operator/pkg/assets"
	"github.com/prometheus-operator/prometheus-operator/pkg/operator"
	"github.com/prometheus-operator/prometheus-operator/pkg/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	input, err := io.ReadAll(os.Stdin)
	must(err)
	pods := map[string]*monitoringv1.PodMonitor{}
	services := map[string]*monitoringv1.ServiceMonitor{}
	for _, text := range strings.Split(string(input), "\n---\n") {
		var kind metav1.TypeMeta
		must(yaml.Unmarshal([]byte(text), &kind))
		switch kind.Kind {
		case "PodMonitor":
			one := &monitoringv1.PodMonitor{}
			must(yaml.UnmarshalStrict([]byte(text), one))
			pods[one.Name] = one
		case "ServiceMonitor":
			one := &monitoringv1.ServiceMonitor{}
			must(yaml.UnmarshalStrict([]byte(text), one))
			services[one.Name] = one
		case "PrometheusRule":
			must(yaml.UnmarshalStrict([]byte(text), &monitoringv1.PrometheusRule{}))
		}
	}
	server := &monitoringv1.Prometheus{
		ObjectMeta: metav1.ObjectMeta{Name: "test", Namespace: "test"},
		Spec: monitoringv1.PrometheusSpec{
			CommonPrometheusFields: monitoringv1.CommonPrometheusFields{
				Version: operator.DefaultPrometheusVersion, ScrapeInterval: "2s",
			},
			EvaluationInterval: "2s",
		},
	}
	generator, err := prometheus.NewConfigGenerator(nil, server)
	must(err)
	config, err := generator.GenerateServerConfiguration(
		server, services, pods, nil, nil, assets.NewTestStoreBuilder(), nil, nil, nil, nil)
	must(err)
	os.Stdout.Write(config)
}
