#include <algorithm>
#include <cstdlib>
#include <ctime>

#include <fmt/core.h>

#include "check/context.h"
#include "hello/rates.h"

namespace hello::check {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kName = "check-scrape";
constexpr int kRequests = 50;

/// The value of the only series; -1: there is none.
std::int64_t value_of(Context &context, const std::string &url, const std::string &promql) {
  const auto series = kube::query(context.cluster, {url, "", "", ""}, promql);
  if (series.empty()) return -1;
  const auto &value = series[0].at("value").items();
  if (value.size() != 2) throw Error(Exit::cluster, "Prometheus gave no number");
  return std::strtoll(std::string(value[1].text()).c_str(), nullptr, 10);
}

/// What Prometheus has not seen in time; `up` and `counted` are -1 without a series.
Outcome not_seen(std::int64_t up, std::int64_t counted, seconds time) {
  if (up < 0)
    return failed("NotScraped",
                  fmt::format("Prometheus does not know the pod after {} s", time.count()), {},
                  "it must find pods by what metrics.scrape makes: annotations or a PodMonitor");
  if (up == 0)
    return failed("TargetDown", "Prometheus knows the pod and cannot read its metrics",
                  {"up is 0 for it"},
                  "let it in: networkPolicy.monitoringNamespace must be its namespace");
  return failed(
      "WrongCounter",
      fmt::format("Prometheus counts {} requests, and the pod answered {}", counted, kRequests), {},
      "look at Prometheus' log: it reads the pod, and loses what it reads");
}

/// An alert that fires at once, and ends by itself.
std::string rule_json(const Context &context, seconds time) {
  std::string labels;
  for (const auto &label : context.user.node("metrics.objectLabels"))
    labels += fmt::format("{}{}: {}", labels.empty() ? "" : ", ",
                          json::to_text(json::string(label.first.Scalar())),
                          json::to_text(json::string(label.second.Scalar())));
  return fmt::format(
      R"j({{"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule", "metadata":
{{"name": "check-rule", "labels": {{{}}}}}, "spec": {{"groups": [{{"name": "hello-check-{}",
"rules": [{{"alert": "HelloCheckTest", "expr": "vector(1) and on() (vector(time()) < {})",
"labels": {{"severity": "none", "run": "{}"}},
"annotations": {{"summary": "A test by hello check"}}}}]}}]}}}})j",
      labels, context.run, std::time(nullptr) + time.count(), context.run);
}

/// Adds a rule, and waits for its alert in Prometheus.
void add_rule(Context &context, const std::string &url, Outcome &outcome) {
  const auto bound = std::chrono::ceil<seconds>(context.bound("scrape.rule"));
  const auto made = context.apply(rule_json(context, bound + seconds(60)), context.a);
  if (!made) {
    const std::string why = made.failure().absent() ? "the cluster has no PrometheusRule"
                                                    : context.words_of(made.failure());
    outcome.what += "; no rule was tried: " + why;
    return;
  }
  const std::string alert =
      fmt::format(R"j(count(ALERTS{{alertname="HelloCheckTest",run="{}"}}))j", context.run);
  const sys::Deadline start = context.cluster.now(), end = context.until(bound);
  bool fires = value_of(context, url, alert) > 0;
  while (!fires && !context.is_over(end)) {
    context.doing("waiting for the alert HelloCheckTest");
    context.sleep(seconds(2));
    fires = value_of(context, url, alert) > 0;
  }
  const auto time = std::chrono::duration_cast<seconds>(context.cluster.now() - start);
  context.cluster.remove({"monitoring.coreos.com/v1", "PrometheusRule", context.a, "check-rule"},
                         {}, context.until(seconds(20)));
  if (fires) {
    outcome.what += fmt::format("; the alert of a rule fires after {} s", time.count());
    return;
  }
  outcome.verdict = Verdict::warn;
  outcome.cause = "NoAlert";
  outcome.evidence = {fmt::format(
      "the alert HelloCheckTest of PrometheusRule/check-rule in {} does not fire after {} s",
      context.a, time.count())};
  outcome.advice = "Prometheus' ruleSelector and ruleNamespaceSelector must select it: see "
                   "metrics.objectLabels";
}

} // namespace

std::vector<kube::Object> scrape_release(const Context &context) {
  const std::vector<Setting> more = {{"replicas", "1"},
                                     {"metrics.scrape", context.user.text("metrics.scrape")}};
  return context.rendered(kName, more);
}

Outcome check_scrape(Context &context) {
  std::string url = context.user.text("monitoring.prometheus");
  while (url.ends_with('/')) url.pop_back();
  const std::string how = context.user.text("metrics.scrape");
  if (url.empty() || how == "none")
    return {.verdict = Verdict::skip,
            .cause = "NotConfigured",
            .what = "monitoring.prometheus is not set, or metrics.scrape is none"};
  if (const std::string path = kube::service_path(url); !path.empty())
    if (const auto got = context.cluster.fetch(path + "/api/v1/query?query=1"); !got)
      return refused(got.failure(), "ask Prometheus through the API server");
  if (const auto made = context.apply(scrape_release(context)); !made) {
    context.words_of(made.failure());
    return refused(made.failure(), "make a release to scrape");
  }
  if (const Rollout rollout = await_rollout(context, kName, seconds(60)); !rollout.ready)
    return inconclusive("NotReady", "the release to scrape is not ready: " + rollout.what);
  const std::vector<Place> pods = context.pods(context.a, kName);
  if (pods.size() != 1) return inconclusive("NoInstrument", "the release has not one pod");
  const Heard heard = context.ask({.name = std::string(kName),
                                   .ns = context.b,
                                   .args = {fmt::format("get http://{}:8080/ {} 10 - {} 0",
                                                        pods[0].ip, kRequests, context.run)}});
  if (!heard.trouble.empty()) return no_instrument(heard);
  const json::Value *control = heard.of(0, "get");
  if (!control || control->at("marked").number() < kRequests)
    return inconclusive("ControlFailed", "the pod did not answer the requests to count");
  const std::string labels =
      fmt::format("{{{}=\"{}\"", context.user.text("metrics.labelNames.pod"), pods[0].name);
  const sys::Deadline start = context.cluster.now();
  for (const sys::Deadline end = context.until(context.bound("scrape.seen"));;
       context.sleep(seconds(2))) {
    const std::int64_t up = value_of(context, url, fmt::format("max(up{}}})", labels));
    const std::int64_t counted = value_of(
        context, url, fmt::format("sum(hello_http_requests_total{},route=\"/\"}})", labels));
    const auto time = std::chrono::duration_cast<seconds>(context.cluster.now() - start);
    if (up == 1 && counted >= kRequests) {
      Outcome outcome = passed(fmt::format("Prometheus counts the {} requests of a pod {} s later",
                                           kRequests, time.count()));
      outcome.figures = {{"seen", "s", time.count(), 15}};
      const auto &only = context.options.only;
      if (std::find(only.begin(), only.end(), "scrape") != only.end())
        add_rule(context, url, outcome);
      return outcome;
    }
    if (context.is_over(end)) return not_seen(up, counted, time);
    context.doing("waiting for Prometheus");
  }
}

} // namespace hello::check
