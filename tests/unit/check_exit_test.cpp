#include <doctest/doctest.h>

#include <algorithm>

#include "cli/view/check.h"
#include "support/check_world.h"

using namespace hello;
using namespace hello::test;

namespace {

Verdict verdict_of(char letter) {
  return static_cast<Verdict>(std::string_view("pwfsi").find(letter));
}

/// Two checks, "a" and "b", with these verdicts: the letters of pass, warn, fail, skip and
/// inconclusive.
check::Report report_of(std::string_view verdicts) {
  check::Report report;
  constexpr std::string_view kNames[] = {"a", "b"};
  for (std::size_t i = 0; i < verdicts.size(); ++i)
    report.results.push_back({kNames[i], {.verdict = verdict_of(verdicts[i])}, {}});
  return report;
}

struct Row {
  std::string_view verdicts;
  int plain, strict, required; ///< exit codes: without a flag, --strict, --require a
};
constexpr Row kRows[] = {{"", 6, 6, 6},   {"p", 0, 0, 0},  {"w", 0, 1, 0},  {"f", 1, 1, 1},
                         {"s", 6, 6, 1},  {"i", 6, 6, 1},  {"pp", 0, 0, 0}, {"pw", 0, 1, 0},
                         {"pf", 1, 1, 1}, {"ps", 0, 0, 0}, {"pi", 6, 6, 6}, {"wp", 0, 1, 0},
                         {"ww", 0, 1, 0}, {"wf", 1, 1, 1}, {"ws", 0, 1, 0}, {"wi", 6, 1, 6},
                         {"fp", 1, 1, 1}, {"fw", 1, 1, 1}, {"ff", 1, 1, 1}, {"fs", 1, 1, 1},
                         {"fi", 1, 1, 1}, {"sp", 0, 0, 1}, {"sw", 0, 1, 1}, {"sf", 1, 1, 1},
                         {"ss", 6, 6, 1}, {"si", 6, 6, 1}, {"ip", 6, 6, 1}, {"iw", 6, 1, 1},
                         {"if", 1, 1, 1}, {"is", 6, 6, 1}, {"ii", 6, 6, 1}};

} // namespace

TEST_CASE("check: the exit code of each pair of verdicts, with --strict and --require") {
  check::Options plain, strict, required, both;
  strict.strict = both.strict = true;
  required.require = both.require = {"a"};
  for (const Row &row : kRows) {
    CAPTURE(row.verdicts);
    const check::Report report = report_of(row.verdicts);
    CHECK(static_cast<int>(exit_of(report, plain)) == row.plain);
    CHECK(static_cast<int>(exit_of(report, strict)) == row.strict);
    CHECK(static_cast<int>(exit_of(report, required)) == row.required);
    const bool fails = row.strict == 1 || row.required == 1;
    CHECK(static_cast<int>(exit_of(report, both)) == (fails ? 1 : row.plain));
  }
}

TEST_CASE("check: what is left and a lost API server are no success, and hide no failure") {
  check::Options strict;
  strict.strict = true;
  for (const Row &row : kRows) {
    CAPTURE(row.verdicts);
    check::Report left = report_of(row.verdicts), lost = left;
    left.left = {"Namespace/x: forbidden"};
    lost.api_lost = true;
    for (const check::Report *report : {&left, &lost}) {
      CHECK(static_cast<int>(exit_of(*report, {})) == (row.plain == 0 ? 6 : row.plain));
      CHECK(static_cast<int>(exit_of(*report, strict)) == (row.strict == 0 ? 6 : row.strict));
    }
  }
}

TEST_CASE("check: the exit code of a signal comes before all verdicts") {
  check::Options options;
  options.strict = true;
  options.require = {"a"};
  for (const Row &row : kRows)
    for (const Exit signal : {Exit::hung_up, Exit::interrupted, Exit::terminated}) {
      check::Report report = report_of(row.verdicts);
      report.exit = signal;
      report.api_lost = true;
      report.left = {"x"};
      CHECK(exit_of(report, options) == signal);
    }
}

TEST_CASE("check: a warning passes, and with --strict it fails the run") {
  World plain("check: {bounds: {start.warn: 1ms}}\n"), strict("check: {bounds: {start.warn: 1ms}}");
  strict.options.strict = true;
  const check::Report passed = plain.run({"start"}), failed = strict.run({"start"});
  CHECK(passed.results[0].outcome.cause == "SlowStart");
  CHECK(passed.exit == Exit::ok);
  CHECK(failed.results[0].outcome.verdict == Verdict::warn);
  CHECK(failed.exit == Exit::no);
  // no check has failed, so the last line does not say so of the cluster
  CHECK(cli::summary_of(failed, {}).find("would not work") == std::string::npos);
  CHECK(cli::summary_of(failed, {}).find("--strict") != std::string::npos);
}

TEST_CASE("check: a run that tried no service makes no claim about services") {
  World world("imagePullSecrets: [registry]\n"), api;
  world.options.namespaces.clear();
  for (const check::Report &report : {world.run({"api", "start", "dns"}), api.run({"api"})}) {
    CHECK(report.exit == Exit::ok);
    CHECK(cli::summary_of(report, {}).find("no service was tried") != std::string::npos);
  }
}

TEST_CASE("check: --require names only checks that run") {
  const auto words_of = [](const check::Options &options) -> std::string {
    try {
      check::chosen(options);
    } catch (const Error &error) {
      return (error.code() == Exit::usage ? "usage: " : "") + error.words();
    }
    return "";
  };
  check::Options options;
  options.require = {"policy"};
  CHECK(words_of(options).empty());
  options.skip = {"policy"};
  CHECK(words_of(options).starts_with("usage: --require policy: the check does not run\n"));
  options.skip.clear();
  options.only = {"dns"};
  CHECK(words_of(options).starts_with("usage: --require policy"));
  options.require = {"start"}; // dns needs it
  CHECK(words_of(options).empty());
  options.only.clear();
  options.require = {"gateway"};
  CHECK(words_of(options).find("--full") != std::string::npos);
  options.full = true;
  CHECK(words_of(options).empty());
}

TEST_CASE("check: a core check that is not permitted is not known, unless --skip names it") {
  kube::Failure forbidden = failure(kube::Trouble::forbidden, "networkpolicies is forbidden");
  forbidden.rule = "create networkpolicies";
  World world, without;
  for (World *one : {&world, &without})
    one->cluster.fail_always(Operation::apply, forbidden, "NetworkPolicy/check-door");
  const check::Report report = world.run({"policy"});
  CHECK(report.results.back().outcome.verdict == Verdict::inconclusive);
  CHECK(report.results.back().outcome.cause == "NotPermitted");
  CHECK(report.exit == Exit::failure);
  without.options.skip = {"policy"};
  CHECK(without.run({"start", "policy"}).exit == Exit::ok);
}

TEST_CASE("check: what --timeout cuts short is not known") {
  World world;
  world.options.timeout = 10s;
  world.pod_status = "{phase: Pending}";
  const check::Report report = world.run({"start", "dns"});
  REQUIRE(report.results.size() == 2);
  CHECK(report.results[0].outcome.verdict == Verdict::inconclusive);
  CHECK(report.results[0].outcome.cause == "TimeLimit");
  CHECK(report.results[0].outcome.what.find("--timeout was over before it ended") == 0);
  CHECK(report.exit == Exit::failure);
  CHECK(world.left() == 0);
}

TEST_CASE("check: a pull secret that a prepared namespace lacks is a skip with a hint") {
  World world("imagePullSecrets: [registry]\n");
  world.pod_status = "{phase: Pending, containerStatuses: [{name: hello, state: {waiting: "
                     "{reason: ImagePullBackOff, message: unauthorized}}}]}";
  const auto tell = [&](const char *reason) {
    world.cluster.after(2s, [&world, reason] {
      world.cluster.api.put(object(fmt::format(
          "{{apiVersion: v1, kind: Event, metadata: {{name: e, namespace: shop}}, reason: {}}}",
          reason)));
    });
  };
  tell("Failed");
  CHECK(world.outcome("start").cause == "ImagePull");
  tell("FailedToRetrieveImagePullSecret");
  const Outcome missing = world.outcome("start");
  CHECK(missing.verdict == Verdict::skip);
  CHECK(missing.cause == "NoPullSecret");
  CHECK(missing.advice.find("--namespaces A,B") != std::string::npos);
}
