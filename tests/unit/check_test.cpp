#include <doctest/doctest.h>

#include <functional>
#include <map>

#include <fmt/core.h>

#include "cli/view/check.h"
#include "hello/mask.h"
#include "support/check_world.h"

using namespace hello;
using namespace hello::test;
using namespace std::chrono_literals;
using check::Outcome;
using check::Verdict;
using test::FakeCluster;
using test::Operation;

TEST_CASE("check: a client's log counts only whole, in order and of this run") {
  const std::string good = log_of({get(0, 1, 0), get(1, 1, 0)});
  CHECK(check::read_lines(good, kRun).trouble.empty());
  CHECK(check::read_lines(good, kRun).ended);
  CHECK_FALSE(check::read_lines(good, "r2").trouble.empty());
  const std::size_t first = good.find('\n') + 1, second = good.find('\n', first) + 1;
  CHECK_FALSE(check::read_lines(good.substr(first), kRun).trouble.empty());
  CHECK_FALSE(check::read_lines(good.substr(0, first) + good.substr(second), kRun).trouble.empty());
  CHECK_FALSE(check::read_lines(good.substr(0, second), kRun).ended);
  CHECK(check::read_lines(good.substr(0, second + 9), kRun).lines.size() == 2);
  CHECK_FALSE(check::read_lines(good + "panic\n", kRun).trouble.empty());
  CHECK(check::read_lines("hello: a cannot be reached\n", kRun).trouble ==
        "the client ended: a cannot be reached");
  CHECK_FALSE(check::read_lines(good + good, kRun).trouble.empty());
  std::string other = good;
  other.replace(other.find("\"v\":1"), 5, "\"v\":2");
  CHECK_FALSE(check::read_lines(other, kRun).trouble.empty());
}

TEST_CASE("check: api knows old kubelets, and leaves out those that are none") {
  const auto node = [](const char *version) {
    World world;
    world.cluster.api.put(test::object(
        fmt::format("{{apiVersion: v1, kind: Node, metadata: {{name: n}}, status: {{nodeInfo: "
                    "{{kubeletVersion: '{}'}}}}}}",
                    version)));
    return world.outcome("api").cause;
  };
  CHECK(node("v1.30.9") == "KubeletTooOld");
  CHECK(node("v1.31.0").empty());
  CHECK(node("kwok-0.7.0").empty());
}

TEST_CASE("check: start passes when all pods are ready and answer") {
  World world;
  const Outcome outcome = world.outcome("start");
  INFO(outcome.what, outcome.cause);
  CHECK(outcome.verdict == Verdict::pass);
  CHECK(world.left() == 0);
}

TEST_CASE("check: a run names its namespaces before it makes anything") {
  struct Named final : check::Listener {
    explicit Named(const FakeCluster &cluster_) : cluster(cluster_) {}
    const FakeCluster &cluster;
    std::vector<std::string> namespaces;
    void began(const check::Report &report) override {
      CHECK(cluster.journal.empty());
      namespaces = report.namespaces;
    }
    void doing(std::string_view, std::string_view) override {}
    void ended(const check::Result &) override {}
  };
  World world;
  world.options.namespaces = {};
  world.options.only = {"start"};
  Named named(world.cluster);
  check::run(world.cluster, world.user, world.options, named);
  CHECK(named.namespaces == std::vector<std::string>{"hello-check-r1-a", "hello-check-r1-b"});
  CHECK_FALSE(world.cluster.journal.empty());
  named.namespaces = {};
  world.options.only = {"api"}; // makes nothing
  check::run(world.cluster, world.user, world.options, named);
  CHECK(named.namespaces.empty());
}

TEST_CASE("check: start fails with the scheduler's words") {
  World world;
  world.pod_status = "{phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: "
                     "Unschedulable, message: '0/1 nodes are available'}]}";
  const Outcome outcome = world.outcome("start");
  CHECK(outcome.verdict == Verdict::fail);
  CHECK(outcome.cause == "Unschedulable");
  REQUIRE_FALSE(outcome.evidence.empty());
  CHECK(outcome.evidence[0].find("0/1 nodes") != std::string::npos);
}

TEST_CASE("check: start fails if a ready pod does not answer other pods") {
  World world;
  world.said["check-start"] = log_of({get(0, 3, 0), get(1, 0, 3), get(2, 3, 0)});
  CHECK(world.outcome("start").cause == "NoAnswer");
}

TEST_CASE("check: what the instrument cannot see is inconclusive, never a pass or a fail") {
  World cut, offline, refused;
  cut.said["check-start"] = log_of({get(0, 3, 0)}).substr(0, 60);
  CHECK(cut.outcome("start").verdict == Verdict::inconclusive);
  offline.cluster.set_offline(true);
  CHECK(offline.outcome("start").verdict == Verdict::inconclusive);
  refused.cluster.fail_next(Operation::apply,
                            test::failure(kube::Trouble::forbidden, "exceeded quota"),
                            "Pod/check-start");
  CHECK(refused.outcome("start").verdict == Verdict::inconclusive);
}

TEST_CASE("check: a client's log is asked for again for 5 s while the server fails") {
  kube::Failure down = test::failure(kube::Trouble::unreachable, "connection refused");
  down.retryable = true;
  World once, always, refused;
  for (int i = 0; i < 3; ++i) once.cluster.fail_next(Operation::log, down, "check-start/hello");
  const check::Report report = once.run({"start"});
  CHECK(report.results.back().outcome.verdict == Verdict::pass);
  CHECK_FALSE(report.api_lost);
  always.cluster.fail_always(Operation::log, down);
  CHECK(always.run({"start"}).api_lost);
  const auto time = always.cluster.elapsed();
  refused.cluster.fail_next(Operation::log, test::failure(kube::Trouble::forbidden, "forbidden"));
  CHECK(refused.outcome("start").verdict == Verdict::inconclusive);
  CHECK(time - refused.cluster.elapsed() > 4s);
  CHECK(time - refused.cluster.elapsed() < 7s);
}

TEST_CASE("check: dns compares lookups with the Service's address") {
  const auto answers = [](const std::vector<std::string> &lookups) {
    std::vector<std::string> lines = {get(0, 5, 0)};
    lines.insert(lines.end(), lookups.begin(), lookups.end());
    lines.push_back(get(5, 5, 0));
    return log_of(lines);
  };
  const std::string ip = "10.96.1.2";
  const std::vector<std::string> good = {dns(1, 100, ip), dns(2, 100, ip), dns(3, 50, ip),
                                         dns(4, 50, "")};
  World world;
  world.said["check-dns"] = answers(good);
  CHECK(world.outcome("dns").verdict == Verdict::pass);

  World lost;
  auto lines = good;
  lines[1] = dns(2, 0, "", "\"refused\":3");
  lost.said["check-dns"] = answers(lines);
  const Outcome outcome = lost.outcome("dns");
  CHECK(outcome.verdict == Verdict::fail);
  CHECK(outcome.cause == "LookupsLost");
  CHECK(outcome.what.find("refused: 3") != std::string::npos);

  World wrong;
  lines = good;
  lines[0] = dns(1, 100, "10.96.7.7");
  wrong.said["check-dns"] = answers(lines);
  CHECK(wrong.outcome("dns").cause == "WrongAddress");

  World stale; // one of two DNS pods
  lines[0] = dns(1, 100, ip + " 10.96.7.7");
  stale.said["check-dns"] = answers(lines);
  CHECK(stale.outcome("dns").cause == "WrongAddress");

  World partly;
  lines = good;
  lines[2] = dns(3, 50, ip, "\"found\":25,\"no data\":25");
  partly.said["check-dns"] = answers(lines);
  const Outcome some = partly.outcome("dns");
  CHECK(some.cause == "NoAddress");
  CHECK(some.what.find("no data: 25") != std::string::npos);

  World no_control;
  lines = good;
  lines[0] = dns(1, 0, "", "\"no response in 5 s\":3");
  no_control.said["check-dns"] = answers(lines);
  auto &log = no_control.said["check-dns"];
  log.replace(log.find("\"marked\":5"), 10, "\"marked\":0");
  CHECK(no_control.outcome("dns").verdict == Verdict::inconclusive);
}

TEST_CASE("check: service counts connections only beside pods that answer by themselves") {
  const auto large = [](int step, bool whole) {
    return fmt::format("\"i\":{},\"step\":\"post\",\"whole\":{},\"failure\":\"no answer in time\"",
                       step, whole);
  };
  const auto run = [&](const std::string &through_service, int control, bool whole = true,
                       int long_heads = 10) {
    World world;
    world.said["check-service"] =
        log_of({get(0, 10, 0), get(1, control, 0), get(2, 10, 0), through_service, get(4, 10, 0),
                get(5, 10, 0), large(6, true), get(7, long_heads, 0), large(8, whole),
                get(9, 10, 0), large(10, true)});
    return world.outcome("service");
  };
  CHECK(run(get(3, 0, 3), 10).cause == "ServiceDead");
  CHECK(run(get(3, 297, 3), 10).cause == "ConnectionsLost");
  const std::string uneven =
      get(3, 300, 0, "\"check-steady-0\":280,\"check-steady-1\":10,\"check-steady-2\":10");
  CHECK(run(uneven, 10).cause == "Uneven");
  CHECK(run(get(3, 0, 3), 9).verdict == Verdict::inconclusive);
  CHECK(run(get(3, 0, 3), 10, false).cause == "LargePacketsLost");
  const Outcome heads = run(get(3, 300, 0), 10, true, 0);
  CHECK(heads.cause == "LargePacketsLost");
  CHECK(heads.verdict == Verdict::fail);
}

TEST_CASE("check: policy fails for an open door, and needs its control") {
  struct Case {
    bool control, denied, shut, admin;
    Verdict verdict;
  };
  const Case cases[] = {{true, false, false, false, Verdict::pass},
                        {true, true, false, false, Verdict::fail},
                        {true, false, true, false, Verdict::fail},
                        {true, false, false, true, Verdict::fail},
                        {false, false, false, false, Verdict::inconclusive},
                        {false, true, true, true, Verdict::inconclusive}};
  for (const Case &one : cases) {
    World world;
    std::vector<std::string> allowed;
    for (int i = 0; i < 24; ++i) allowed.push_back(tried(1, one.control));
    for (int i = 0; i < 3; ++i) allowed.push_back(tried(2, true));
    for (int i = 0; i < 3; ++i) allowed.push_back(tried(3, one.admin));
    allowed.push_back(tried(4, false));
    world.said["check-allowed"] = log_of(allowed);
    const std::string wait = "\"i\":0,\"step\":\"wait\"";
    const auto tries = [&](bool open) {
      return log_of({wait, wait, tried(1, open), tried(1, open), tried(1, open), tried(2, false)});
    };
    world.said["check-denied"] = tries(one.denied);
    world.said["check-shut"] = tries(one.shut);
    const Outcome outcome = world.outcome("policy");
    INFO(outcome.what);
    CHECK(outcome.verdict == one.verdict);
  }
}

TEST_CASE("check: policy is inconclusive if the denied tries lie outside the allowed ones") {
  World world;
  world.said["check-allowed"] = log_of({tried(1, true), tried(1, true), tried(2, true),
                                        tried(2, true), tried(2, true), tried(3, false)});
  world.said["check-denied"] = world.said["check-shut"] =
      log_of({tried(1, false), tried(1, false), tried(1, false), tried(1, false)});
  CHECK(world.outcome("policy").cause == "ControlFailed");
}

TEST_CASE("check: security needs a refusal by Pod Security, and its control") {
  const std::string self = "\"i\":0,\"step\":\"self\",\"Seccomp\":\"2\",\"CapEff\":"
                           "\"0000000000000000\",\"NoNewPrivs\":\"1\",\"root\":\"Read-only file "
                           "system\",\"tmp\":\"\",\"token\":false";
  const auto privileged = test::failure(kube::Trouble::forbidden, "violates PodSecurity");
  World good;
  good.said["check-self"] = log_of({self});
  good.cluster.fail_always(Operation::dry_run, privileged, "Pod/check-privileged");
  CHECK(good.outcome("security").verdict == Verdict::pass);

  World accepted;
  accepted.said["check-self"] = log_of({self});
  CHECK(accepted.outcome("security").cause == "PrivilegedAccepted");

  World quota;
  quota.cluster.fail_always(Operation::dry_run, privileged, "Pod/check-privileged");
  quota.cluster.fail_always(Operation::dry_run,
                            test::failure(kube::Trouble::forbidden, "exceeded quota"),
                            "Pod/check-self");
  CHECK(quota.outcome("security").verdict == Verdict::inconclusive);

  World capable;
  std::string more = self;
  more.replace(more.find("0000000000000000"), 16, "00000000a80425fb");
  capable.said["check-self"] = log_of({more});
  capable.cluster.fail_always(Operation::dry_run, privileged, "Pod/check-privileged");
  CHECK(capable.outcome("security").cause == "RightsNotKept");
}

TEST_CASE("check: the exit code tells failures from what is not known") {
  World pass, fail, unknown;
  CHECK(pass.run({"api", "start"}).exit == Exit::ok);
  fail.said["check-start"] = log_of({get(0, 3, 0), get(1, 0, 3), get(2, 3, 0)});
  const check::Report report = fail.run({"start", "dns"});
  CHECK(report.exit == Exit::no);
  CHECK(report.results.back().outcome.verdict == Verdict::skip); // dns needs start
  unknown.said.clear();
  CHECK(unknown.run({"start"}).exit == Exit::failure);
  World required;
  required.said.clear();
  required.options.require = {"start"};
  CHECK(required.run({"start"}).exit == Exit::no);
}

TEST_CASE("check: an API server that never answers is an error, not a report") {
  World world;
  world.cluster.fail_always(Operation::fetch, test::failure(kube::Trouble::unreachable));
  try {
    world.run({"api"});
    FAIL("it did not throw");
  } catch (const Error &error) {
    CHECK(error.code() == Exit::cluster);
  }
}

TEST_CASE("check: an interrupted run reports what is known, and leaves nothing behind") {
  World world;
  world.cluster.interrupt_after(500ms);
  const check::Report report = world.run({"api", "start", "dns"});
  CHECK(report.exit == Exit::interrupted);
  REQUIRE(report.results.size() == 3);
  CHECK(report.results[0].outcome.verdict == Verdict::pass);
  for (const std::size_t i : {1, 2}) {
    CHECK(report.results[i].outcome.verdict == Verdict::inconclusive);
    CHECK(report.results[i].outcome.cause == "Interrupted");
  }
  CHECK(world.left() == 0);
  CHECK(report.left.empty());
}

TEST_CASE("check: a signal during the removal does not keep anything from being removed") {
  World world;
  world.cluster.before_next(
      Operation::remove, [] { throw Error(Exit::terminated, "interrupted"); },
      "Ingress/check-steady");
  const check::Report report = world.run({"start"});
  CHECK(report.exit == Exit::terminated);
  CHECK(report.results.back().outcome.verdict == Verdict::pass);
  CHECK(world.left() == 0);
}

TEST_CASE("check: what may cost money is removed first") {
  const auto first = [](World &world) {
    world.run({"start"});
    for (const std::string &line : world.cluster.journal)
      if (line.starts_with("remove ")) return line;
    return std::string();
  };
  World prepared, own;
  own.options.namespaces.clear();
  CHECK(first(prepared) == "remove Ingress/check-steady");
  CHECK(first(own) == "remove Ingress/check-steady");
}

TEST_CASE("check: an API server that is lost midway leaves a report, and is not asked for long") {
  World world;
  world.cluster.before_next(
      Operation::apply,
      [&] {
        for (const Operation one : {Operation::read, Operation::fetch, Operation::list,
                                    Operation::log, Operation::remove, Operation::apply})
          world.cluster.fail_always(one, test::failure(kube::Trouble::unreachable));
      },
      "Pod/check-start");
  const check::Report report = world.run({"api", "start", "dns", "policy"});
  CHECK(report.exit == Exit::failure);
  CHECK(report.api_lost);
  CHECK_FALSE(report.left.empty());
  CHECK(report.results[0].outcome.verdict == Verdict::pass);
  for (std::size_t i = 1; i < report.results.size(); ++i)
    CHECK(report.results[i].outcome.verdict == Verdict::inconclusive);
  CHECK(world.cluster.times("remove ") < 3);
}

TEST_CASE("check: bounds are read before anything is made") {
  for (const char *text :
       {"check: {bounds: {start.never: 5s}}", "check: {bounds: {start.fail: x}}"}) {
    World world(text);
    CHECK_THROWS_AS(world.run({"start"}), Error);
    CHECK(world.cluster.journal.empty());
  }
}

TEST_CASE("check: its own namespaces are removed even if nothing can be read any more") {
  World world;
  world.options.namespaces.clear();
  world.cluster.before_next(
      Operation::apply,
      [&] {
        world.cluster.fail_always(Operation::read, test::failure(kube::Trouble::unreachable));
      },
      "Pod/check-start");
  world.said.clear();
  const check::Report report = world.run({"start"});
  CHECK(report.exit == Exit::failure);
  CHECK(world.cluster.times("remove Namespace/hello-check-r1-") == 2);
}

TEST_CASE("check: a namespace that stays says what it waits for") {
  World world;
  world.options.namespaces.clear();
  world.cluster.on_write = [&](const kube::Id &id) {
    world.react(id);
    if (id.text() != "Namespace/hello-check-r1-b" || !world.cluster.api.find(id)) return;
    world.cluster.api.update(id, "", [](json::Value &object) {
      object["metadata"]["finalizers"] = json::parse("[\"kubernetes\"]", "list");
      object["status"] = json::parse(
          R"({"conditions": [{"type": "NamespaceDeletionDiscoveryFailure", "status": "True",
              "message": "Discovery failed for some groups"}]})",
          "status");
    });
  };
  const check::Report report = world.run({"start"});
  REQUIRE(report.left.size() == 1);
  CHECK(report.left[0] == "Namespace/hello-check-r1-b: it waits: Discovery failed for some groups");
  CHECK(report.exit == Exit::failure);
}

TEST_CASE("check: namespaces that nobody has prepared are not used") {
  World world;
  world.options.namespaces = {"shop", "other"};
  const Outcome outcome = world.outcome("start");
  CHECK(outcome.verdict == Verdict::inconclusive);
  CHECK(outcome.cause == "NoPlace");
  CHECK(world.cluster.times("apply Deployment") == 0);
}

TEST_CASE("check: names and namespaces are checked before anything runs") {
  check::Options options;
  options.only = {"dsn"};
  CHECK_THROWS_WITH_AS(check::chosen(options),
                       "--only: there is no check 'dsn' (did you mean dns?)", Error);
  options.only = {"dns"};
  CHECK(check::chosen(options) == std::vector<std::string_view>{"start", "dns"}); // which it needs
  options.namespaces = {"a", "a"};
  CHECK_THROWS_AS(check::chosen(options), Error);
}

TEST_CASE("check: clean-up removes what is over, and nothing that holds others' objects") {
  World world;
  const auto put = [&](const std::string &name, const std::string &expires) {
    world.cluster.api.put(test::object(fmt::format(
        "{{apiVersion: v1, kind: Namespace, metadata: {{name: {}, labels: {{hello/check: x}}, "
        "annotations: {{hello/check-expires: '{}'}}}}}}",
        name, expires)));
  };
  put("hello-check-old-a", "2020-01-01T00:00:00Z");
  put("hello-check-old-b", "2020-01-01T00:00:00Z");
  put("hello-check-old-c", "2020-01-01T00:00:00Z");
  put("hello-check-new-a", "2999-01-01T00:00:00Z");
  put("others", "2020-01-01T00:00:00Z");
  world.cluster.api.put(test::object("{apiVersion: v1, kind: Secret, metadata: {name: mine, "
                                     "namespace: hello-check-old-b}}"));
  world.cluster.api.put(test::object("{apiVersion: v1, kind: Secret, metadata: {name: held, "
                                     "namespace: hello-check-old-c, ownerReferences: [{kind: Node, "
                                     "uid: n}]}}")); // by something cluster-wide
  std::vector<std::string> left;
  const auto removed = check::clean_up(world.cluster, {}, "", left);
  CHECK(removed == std::vector<std::string>{"Namespace/hello-check-old-a"});
  REQUIRE(left.size() == 2);
  CHECK(left[0].find("Secret/mine") != std::string::npos);
  CHECK(left[1].find("Secret/held") != std::string::npos);
  CHECK(check::clean_up(world.cluster, {}, "hello-check-new-a", left) ==
        std::vector<std::string>{"Namespace/hello-check-new-a"});
}

TEST_CASE("check: a prepared namespace belongs to one run, until that is over or removed by name") {
  World world;
  const auto quota = [&](const std::string &expires) {
    for (const char *ns : {"shop", "shop-b"})
      world.cluster.api.put(test::object(fmt::format(
          "{{apiVersion: v1, kind: ResourceQuota, metadata: {{name: check-quota, namespace: {}, "
          "labels: {{hello/check: other}}, annotations: {{hello/check-expires: '{}'}}}}}}",
          ns, expires)));
  };
  quota("2999-01-01T00:00:00Z");
  const Outcome busy = world.outcome("start");
  CHECK(busy.verdict == Verdict::inconclusive);
  CHECK(busy.what.find("run other uses namespace shop;") == 0);
  CHECK(busy.what.find("--namespaces shop,shop-b --cleanup other") != std::string::npos);
  CHECK(world.cluster.times("apply ") == 0);
  std::vector<std::string> left;
  CHECK(check::clean_up(world.cluster, world.options.namespaces, "", left).empty());
  CHECK(check::clean_up(world.cluster, world.options.namespaces, "another", left).empty());
  CHECK(check::clean_up(world.cluster, world.options.namespaces, "other", left).size() == 2);
  CHECK(left.empty());
  CHECK(world.outcome("start").verdict == Verdict::pass);
  quota("2020-01-01T00:00:00Z");
  CHECK(world.outcome("start").verdict == Verdict::pass);
}

TEST_CASE("check: clean-up finds the namespaces of a run by its id, and none of a foreign name") {
  World world;
  for (const char *name : {"hello-check-x7-a", "hello-check-x7-b", "hello-check-z9-a", "x7"})
    world.cluster.api.put(test::object(fmt::format(
        "{{apiVersion: v1, kind: Namespace, metadata: {{name: {0}, labels: {{hello/check: {1}}}, "
        "annotations: {{hello/check-expires: '2999-01-01T00:00:00Z'}}}}}}",
        name, std::string_view(name).find("x7") != std::string_view::npos ? "x7" : "z9")));
  std::vector<std::string> left;
  CHECK(check::clean_up(world.cluster, {}, "shop", left).empty());
  CHECK(check::clean_up(world.cluster, {}, "x", left).empty());
  CHECK(check::clean_up(world.cluster, {}, "x7", left) ==
        std::vector<std::string>{"Namespace/hello-check-x7-a", "Namespace/hello-check-x7-b"});
  CHECK(left.empty());
}

TEST_CASE("check: of the user's settings it takes only what decides whether pods run") {
  const auto config = check::release_config(
      settings_of("image: mine:2\nnodeSelector: {disk: ssd}\ningress: {hosts: [www.example.com], "
                  "className: edge}\nannotations: {a: b}\nnodePort: {port: 30080}\n"
                  "resources: {limits: {cpu: null}}\nextraManifests: [{apiVersion: v1, kind: "
                  "ConfigMap, metadata: {name: x}}]\n"),
      {});
  CHECK(config.text("image") == "mine:2");
  CHECK(config.text("ingress.className") == "edge");
  CHECK(config.has("nodeSelector"));
  CHECK_FALSE(config.has("resources.limits.cpu"));
  CHECK(config.has("resources.limits.memory"));
  for (const char *key : {"ingress.hosts", "annotations", "nodePort.port", "extraManifests"})
    CHECK(config.is_default(key));
}

TEST_CASE("check: every form of the report escapes and bounds what the cluster says, everywhere") {
  const std::string hostile = "<script>]]>\x1b[31m" + std::string(1, '\0') +
                              "\x7f\xc2\x9b\xef\xbf\xbf'\"&" + std::string(5000, 'x');
  const std::string in_json =
      R"(<script>]]>\u001b[31m\u0000\u007f\u009b\uffff'\"&)" + std::string(5000, 'x');
  const auto refusal = [&](kube::Trouble trouble, const std::string &rule) {
    kube::Failure failure = test::failure(trouble, hostile);
    failure.rule = rule;
    return failure;
  };
  struct Place {
    const char *name;
    std::function<void(World &)> plant;
  };
  const Place places[] = {
      {"version of the server",
       [&](World &world) {
         world.cluster.paths["/version"] =
             json::parse("{\"gitVersion\": \"" + in_json + "\"}", "version");
       }},
      {"failure in a client's log",
       [&](World &world) {
         world.said["check-start"] = log_of(
             {get(0, 3, 0),
              "\"i\":1,\"step\":\"get\",\"ok\":0,\"failed\":3,\"failure\":\"" + in_json + "\"",
              get(2, 3, 0)});
       }},
      {"foreign line in a client's log",
       [&](World &world) { world.said["check-start"] = hostile + "\n"; }},
      {"scheduler's message",
       [&](World &world) {
         std::string message = in_json;
         message.erase(message.find("\\u0000"), 6); // no YAML can carry it
         world.pod_status = "{phase: Pending, conditions: [{type: PodScheduled, status: 'False', "
                            "reason: Unschedulable, message: \"" +
                            message + "\"}]}";
       }},
      {"admission's refusal of the release",
       [&](World &world) {
         world.cluster.fail_next(Operation::apply, refusal(kube::Trouble::forbidden, ""),
                                 "Deployment/check-steady");
       }},
      {"refusal by RBAC, with its rule",
       [&](World &world) {
         world.cluster.fail_next(Operation::apply, refusal(kube::Trouble::forbidden, hostile),
                                 "Deployment/check-steady");
       }},
      {"refusal of a client",
       [&](World &world) {
         world.cluster.fail_next(Operation::apply, refusal(kube::Trouble::invalid, ""),
                                 "Pod/check-start");
       }},
      {"what cannot be removed",
       [&](World &world) {
         world.cluster.fail_always(Operation::remove, refusal(kube::Trouble::other, ""));
       }},
  };
  for (const Place &place : places) {
    const std::string where(place.name);
    CAPTURE(where);
    World world;
    place.plant(world);
    const check::Report report = world.run({"start"});
    std::string text = cli::summary_of(report, {});
    for (const check::Result &one : report.results) text += cli::text_of(one, {});
    CHECK(report.results[0].outcome.cause.find_first_of("<&\"\x1b ") == std::string::npos);
    const std::string json = to_json(report), junit = to_junit(report), html = to_html(report);
    CHECK((json + html + text).find("script") != std::string::npos); // it was planted
    for (const std::string &form : {text, json, junit, html}) {
      for (const char *bad : {"\x1b", "\x7f", "\xc2\x9b", "\xef\xbf\xbf"})
        CHECK(form.find(bad) == std::string::npos);
      CHECK(form.find('\0') == std::string::npos);
      CHECK(form.find(std::string(2049, 'x')) == std::string::npos);
    }
    CHECK(html.find("<script>") == std::string::npos);
    CHECK(junit.find("<script>") == std::string::npos);
    CHECK(junit.find("]]>") == std::string::npos);
    CHECK(json::parse(json, "report").at("checks").items().size() == 1);
  }
}

TEST_CASE("check: a line says which of its times is that of the check itself") {
  const check::Result result{"start", check::passed("3 pods ready in 3.4 s"), 5812ms};
  CHECK(cli::text_of(result, {}) == "√  start       3 pods ready in 3.4 s  (took 5.8 s)\n");
}

TEST_CASE("check: every form of the report masks secrets") {
  mask::add("s3cr3t-of-a-test");
  World world;
  world.cluster.fail_next(Operation::apply,
                          test::failure(kube::Trouble::invalid, "Bearer s3cr3t-of-a-test is bad"),
                          "Pod/check-start");
  world.cluster.fail_always(Operation::remove,
                            test::failure(kube::Trouble::other, "s3cr3t-of-a-test"));
  const check::Report report = world.run({"start"});
  const std::string text = cli::summary_of(report, {}) + cli::text_of(report.results.back(), {});
  for (const std::string &form : {text, to_json(report), to_junit(report), to_html(report)})
    CHECK(form.find("s3cr3t-of-a-test") == std::string::npos);
  CHECK(text.find("***") != std::string::npos);
}

TEST_CASE(
    "check: the page begins with what the run says of the cluster, in units that people read") {
  check::Report report;
  report.exit = Exit::no;
  report.time = 61s;
  report.results.push_back({"start", {}, 1s});
  report.results.push_back({"dns", {Verdict::fail, "LookupsLost", "2 lookups lost"}, 1s});
  report.results[1].outcome.figures = {{"p99", "us", 3599}, {"max", "us", 999}, {"up", "s", 40}};
  const std::string page = check::to_html(report);
  const std::string first = "<p class=\"fail\"><b>a normal service would not work on this cluster"
                            "</b></p><p>1 pass, 1 fail in 61 s</p>";
  CHECK(page.find(first) < page.find("<svg"));
  CHECK(page.find("<p>p99 3.5 ms, max 999 us, up 40 s</p>") != std::string::npos);
}

TEST_CASE("check: compare finds worse verdicts and grown figures") {
  const auto report = [](const std::string &verdict, int p99) {
    return json::parse(fmt::format(R"({{"version":1,"kind":"hello-check","checks":[{{"name":"dns",
      "verdict":"{}","what":"w","figures":[{{"name":"p99","value":{},"unit":"us","floor":100}}]}}]}})",
                                   verdict, p99),
                       "report");
  };
  bool worse = false;
  CHECK(check::compare(report("pass", 200), report("pass", 250), worse).empty());
  CHECK(check::compare(report("pass", 20), report("pass", 90), worse).empty());
  CHECK(check::compare(report("pass", 200), report("pass", 400), worse).size() == 1);
  CHECK_FALSE(worse);
  CHECK(check::compare(report("pass", 200), report("fail", 200), worse).size() == 1);
  CHECK(worse);
  CHECK_THROWS_AS(check::compare(json::object(), report("pass", 1), worse), Error);
  CHECK_THROWS_AS(check::compare(report("pass", 1), report("passed", 1), worse), Error);
}

TEST_CASE("check: the plan knows how many of its pods the nodes have room for") {
  World world("nodeSelector: {disk: ssd}\ntolerations: [{key: dedicated, value: web}]\n"
              "resources: {requests: {cpu: 100m, memory: 64Mi}}\n");
  const auto node = [&](const char *name, const char *labels, const char *spec, const char *cpu) {
    world.cluster.api.put(test::object(fmt::format(
        "{{apiVersion: v1, kind: Node, metadata: {{name: {}, labels: {{{}}}}}, spec: {{{}}}, "
        "status: {{allocatable: {{cpu: {}, memory: 4Gi, pods: '110'}}}}}}",
        name, labels, spec, cpu)));
  };
  node("good", "disk: ssd", "taints: [{key: dedicated, value: web, effect: NoSchedule}]", "2");
  node("other", "disk: hdd", "", "64");
  node("tainted", "disk: ssd", "taints: [{key: gpu, effect: NoSchedule}]", "64");
  node("cordoned", "disk: ssd", "unschedulable: true", "64");
  world.cluster.api.put(test::object(
      "{apiVersion: v1, kind: Pod, metadata: {name: busy, namespace: else}, spec: {nodeName: good, "
      "containers: [{resources: {requests: {cpu: 1450m, memory: 1Gi}}}]}}"));
  world.cluster.api.put(test::object(
      "{apiVersion: v1, kind: Pod, metadata: {name: over, namespace: else}, spec: {nodeName: good, "
      "containers: [{resources: {requests: {cpu: '1'}}}]}, status: {phase: Succeeded}}"));
  const check::Plan plan = check::plan(world.cluster, world.user, world.options);
  CHECK(plan.room.known);
  CHECK(plan.room.nodes == 1);
  CHECK(plan.room.milli_cpu == 550);
  CHECK(plan.room.pods == 5);
  CHECK(plan.pods > 5);
  world.cluster.fail_always(Operation::list, test::failure(kube::Trouble::forbidden));
  CHECK_FALSE(check::plan(world.cluster, world.user, world.options).room.known);
}
