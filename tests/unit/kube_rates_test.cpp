#include <doctest/doctest.h>

#include "hello/rates.h"
#include "support/fake_cluster.h"

using namespace hello;
using namespace hello::test;
using kube::Counters;
using kube::Rates;

namespace {

/// What a pod's /metrics has after so many requests, of which some failed, and some took long.
std::string metrics(int ok, int failed, int slow) {
  const std::string all = std::to_string(ok + failed);
  return "# TYPE hello_http_requests_total counter\n"
         "hello_http_requests_total{route=\"/\",method=\"GET\",code=\"200\"} " +
         std::to_string(ok) +
         "\nhello_http_requests_total{route=\"/\",method=\"GET\",code=\"503\"} " +
         std::to_string(failed) +
         "\nhello_http_requests_total{route=\"/livez\",method=\"GET\",code=\"500\"} 99\n"
         "hello_http_request_duration_seconds_bucket{route=\"/\",le=\"0.1\"} " +
         std::to_string(ok + failed - slow) +
         "\nhello_http_request_duration_seconds_bucket{route=\"/\",le=\"0.5\"} " + all +
         "\nhello_http_request_duration_seconds_bucket{route=\"/\",le=\"+Inf\"} " + all + "\n";
}

const kube::Prometheus kProm{"http://prom.example:9090", "namespace=\"shop\"", "pod", "release"};

json::Value answer(const std::string &series) {
  return object("{status: success, data: {resultType: vector, result: " + series + "}}");
}

} // namespace

TEST_CASE("rates: requests, errors and times between two moments") {
  const Counters before = kube::counters_of(metrics(100, 0, 0)),
                 after = kube::counters_of(metrics(280, 20, 100));
  CHECK(after.requests == 300);
  CHECK(after.errors == 20);
  const Rates rates = kube::rates_between(before, after, 10);
  CHECK(*rates.requests == doctest::Approx(20));
  CHECK(*rates.errors == doctest::Approx(2));
  CHECK(*rates.p50 == doctest::Approx(0.1));   // the 100th of 200
  CHECK(*rates.p99 == doctest::Approx(0.492)); // the 98th of the 100 slow ones
}

TEST_CASE("rates: without requests there is no time, and after a restart no rate") {
  const Counters some = kube::counters_of(metrics(5, 0, 0));
  const Rates none = kube::rates_between(some, some, 2);
  CHECK(*none.requests == 0);
  CHECK_FALSE(none.p50);
  CHECK_FALSE(kube::rates_between(some, kube::counters_of(metrics(1, 0, 0)), 2).requests);
  CHECK(kube::counters_of("no metrics\nhello_http_requests_total{ \n").requests == 0);
}

TEST_CASE("rates: pods are asked through port-forwards, which stay open, and at most 20 of them") {
  FakeCluster cluster;
  cluster.replies = {{200, metrics(10, 0, 0)}, {200, metrics(30, 0, 0)}, {200, metrics(50, 0, 0)}};
  kube::RateSampler sampler(cluster);
  const auto first = sampler.sample({"hello-1"});
  REQUIRE(first.count("hello-1"));
  CHECK(*first.at("hello-1").requests == doctest::Approx(10));
  cluster.sleep(std::chrono::seconds(10));
  CHECK(*sampler.sample({"hello-1"}).at("hello-1").requests == doctest::Approx(2));
  CHECK(cluster.times("forward pod/hello-1:admin") == 1);
  std::vector<std::string> many;
  for (int i = 0; i < 30; ++i) many.push_back("hello-" + std::to_string(i));
  CHECK(sampler.sample(many).size() == 20);
}

TEST_CASE("rates: a pod that cannot be asked has none") {
  FakeCluster cluster;
  cluster.forward_address = failure(kube::Trouble::forbidden);
  CHECK(kube::RateSampler(cluster).sample({"hello-1"}).empty());
  cluster.forward_address = std::string("127.0.0.1:40123");
  cluster.replies = {{0, "refused"}};
  CHECK(kube::RateSampler(cluster).sample({"hello-1"}).empty());
}

TEST_CASE("rates: a pod that could not be asked is asked again, but not each time") {
  FakeCluster cluster;
  cluster.replies = {{200, "hello_http_requests_total{route=\"/\",code=\"200\"} 1\n"}};
  cluster.forward_address = failure(kube::Trouble::other);
  kube::RateSampler sampler(cluster);
  CHECK(sampler.sample({"hello-1"}).empty());
  cluster.forward_address = std::string("127.0.0.1:40123");
  CHECK(sampler.sample({"hello-1"}).empty());
  CHECK(cluster.times("forward pod/hello-1:admin") == 1);
  cluster.sleep(std::chrono::seconds(15));
  CHECK(sampler.sample({"hello-1"}).size() == 1);
}

TEST_CASE("prometheus: rates come by pod; what is not a number is not known") {
  FakeCluster cluster;
  const auto reply = [](const std::string &value) {
    return sys::HttpReply{
        200, json::to_text(answer("[{metric: {pod: a}, value: [1, '" + value + "']}]"))};
  };
  cluster.replies = {reply("12.5"), reply("0"), reply("0.25"), reply("NaN")};
  const auto all = kube::read_rates(cluster, kProm);
  REQUIRE(all.count("a"));
  CHECK(*all.at("a").requests == 12.5);
  CHECK(*all.at("a").p50 == 0.25);
  CHECK_FALSE(all.at("a").p99);
  CHECK(cluster.journal.at(0) ==
        "ask http://prom.example:9090/api/v1/query?query=sum%20by%20%28pod%29%20%28rate%28hello_"
        "http_requests_total%7Broute%3D%22%2F%22%2Cnamespace%3D%22shop%22%7D%5B5m%5D%29%29");
}

TEST_CASE("prometheus: a Service is asked through the API server, and alerts are this release's") {
  FakeCluster cluster;
  cluster.paths["/api/v1/namespaces/monitoring/services/http:prom:9090/proxy/api/v1/query?query="
                "ALERTS%7Balertstate%3D%22firing%22%2Cnamespace%3D%22shop%22%7D"] =
      answer("[{metric: {alertname: HelloErrors, severity: page, release: hello, window: 1h}}, "
             "{metric: {alertname: HelloErrors, severity: page, release: hello, window: 6h}}, "
             "{metric: "
             "{alertname: HelloSlow, pod: a}}, {metric: {alertname: Other, release: web}}]");
  kube::Prometheus prometheus = kProm;
  prometheus.url = "http://prom.monitoring.svc.cluster.local:9090";
  const auto alerts = kube::firing_alerts(cluster, prometheus);
  REQUIRE(alerts.size() == 2);
  CHECK(alerts[0].name == "HelloErrors");
  CHECK(alerts[0].severity == "page");
  CHECK(alerts[1].pod == "a");
  prometheus.url = "http://none.monitoring.svc:9090";
  CHECK_THROWS_AS(kube::firing_alerts(cluster, prometheus), Error);
  cluster.replies = {{503, "no"}};
  CHECK_THROWS_WITH_AS(kube::firing_alerts(cluster, kProm),
                       "cannot ask Prometheus at http://prom.example:9090: status 503", Error);
}
