#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <fmt/core.h>

#include "hello/rates.h"
#include "hello/text.h"

namespace hello::kube {
namespace {

using namespace std::chrono_literals;

json::Value answer(Cluster &cluster, const std::string &base, const std::string &path) {
  const std::string service = service_path(base);
  if (!service.empty()) {
    auto got = cluster.fetch(service + path);
    if (!got) throw explain(got.failure(), "ask Prometheus", cluster.access());
    return std::move(*got);
  }
  const sys::HttpReply reply = cluster.ask(base + path, 5s);
  if (reply.status != 200)
    throw Error(Exit::cluster,
                fmt::format("cannot ask Prometheus at {}: {}", base,
                            reply.status ? fmt::format("status {}", reply.status) : reply.body));
  return json::parse(reply.body, base);
}

void add(Cluster &cluster, const Prometheus &prometheus, RatesByPod &all,
         std::optional<double> Rates::*what, const std::string &promql) {
  for (const json::Value &one : query(cluster, prometheus, promql)) {
    const std::string pod = one.text("metric", prometheus.pod_label);
    const auto &value = one.at("value").items();
    if (pod.empty() || value.size() != 2) continue;
    const double number = std::strtod(std::string(value[1].text()).c_str(), nullptr);
    if (std::isfinite(number)) all[pod].*what = number;
  }
}

} // namespace

std::string service_path(const std::string &base) {
  const sys::HttpUrl url = sys::parse_http_url(base);
  const auto parts = text::split(url.host, '.');
  if (parts.size() < 3 || parts[2] != "svc") return "";
  return fmt::format("/api/v1/namespaces/{}/services/http:{}:{}/proxy{}", parts[1], parts[0],
                     url.port, url.target == "/" ? "" : url.target);
}

std::vector<json::Value> query(Cluster &cluster, const Prometheus &prometheus,
                               const std::string &promql) {
  const json::Value result =
      answer(cluster, prometheus.url, "/api/v1/query?query=" + text::percent_encoded(promql));
  const json::Value &series = result.at("data", "result");
  if (result.text("status") != "success" || !series.is_array())
    throw Error(Exit::cluster, fmt::format("what answers at {} is no Prometheus, or refuses the "
                                           "query: {}",
                                           prometheus.url, text::cut(json::to_text(result), 200)));
  return {series.items().begin(), series.items().end()};
}

std::vector<Alert> firing_alerts(Cluster &cluster, const Prometheus &prometheus) {
  std::vector<Alert> alerts;
  for (const json::Value &one :
       query(cluster, prometheus,
             fmt::format("ALERTS{{alertstate=\"firing\",{}}}", prometheus.selector))) {
    const json::Value &labels = one.at("metric");
    const std::string release = labels.text(prometheus.release_label);
    if (!release.empty() && release != cluster.access().release) continue;
    Alert alert{std::string(labels.text("alertname")), std::string(labels.text("severity")),
                std::string(labels.text(prometheus.pod_label))};
    if (std::find(alerts.begin(), alerts.end(), alert) == alerts.end())
      alerts.push_back(std::move(alert));
  }
  return alerts;
}

RatesByPod read_rates(Cluster &cluster, const Prometheus &prometheus) {
  const auto rate = [&](std::string_view metric, std::string_view more, std::string_view by) {
    return fmt::format("sum by ({}{}) (rate({}{{route=\"/\",{}{}}}[5m]))", prometheus.pod_label, by,
                       metric, prometheus.selector, more);
  };
  const std::string requests = "hello_http_requests_total",
                    buckets = rate("hello_http_request_duration_seconds_bucket", "", ",le");
  RatesByPod all;
  add(cluster, prometheus, all, &Rates::requests, rate(requests, "", ""));
  add(cluster, prometheus, all, &Rates::errors, rate(requests, ",code=~\"5..\"", ""));
  for (auto &[pod, rates] : all)
    if (!rates.errors) rates.errors = 0; // no such status was ever answered
  add(cluster, prometheus, all, &Rates::p50, fmt::format("histogram_quantile(0.5,{})", buckets));
  add(cluster, prometheus, all, &Rates::p99, fmt::format("histogram_quantile(0.99,{})", buckets));
  return all;
}

} // namespace hello::kube
