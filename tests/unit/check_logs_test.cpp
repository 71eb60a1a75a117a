#include <doctest/doctest.h>

#include <cstdlib>

#include "hello/file.h"
#include "support/check_world.h"
#include "support/fixtures.h"

using namespace hello;
using namespace hello::test;

namespace {

/// The answer of a log store to every query, and what was asked.
sys::HttpReply store_reply;
std::string asked_url, asked_header;

sys::HttpReply ask_store(const std::string &url, const std::string &header,
                         std::chrono::milliseconds) {
  asked_url = url;
  asked_header = header;
  return store_reply;
}

std::string marked_line(int number) { return fmt::format("hellocheck{}-{:03}", kRun, number); }

/// What the client writes.
std::string marked_log() {
  std::vector<std::string> lines;
  for (int i = 0; i < 200; ++i)
    lines.push_back(fmt::format("\"i\":0,\"step\":\"log\",\"text\":\"{}\"", marked_line(i)));
  return log_of(lines);
}

/// The first lines as a store gives them: between `before` and `after`, with `comma` between them.
std::string stored(int count, const std::string &before, const std::string &start,
                   const std::string &end, const std::string &comma, const std::string &after) {
  std::string out = before;
  for (int i = 0; i < count; ++i)
    out +=
        (i ? comma : "") + start + R"({\"seq\":1,\"text\":\")" + marked_line(i) + R"(\"}\n)" + end;
  return out + after;
}

Outcome logs_with(const sys::HttpReply &reply) {
  World world("check: {logs: {url: 'http://store:9428/query?query={marker}&limit=1000'}}\n");
  world.options.get = ask_store;
  world.said["check-logs"] = marked_log();
  store_reply = reply;
  return world.outcome("logs");
}

} // namespace

TEST_CASE("check: logs counts the lines in answers of three kinds of stores") {
  const auto victoria = [](int count) {
    return stored(count, "", R"({"_stream":"{}","_time":"2026-01-01T00:00:00Z","_msg":")", "\"}",
                  "\n", "\n");
  };
  const std::string answers[] = {
      victoria(200),
      stored(
          200,
          R"({"status":"success","data":{"resultType":"streams","result":[{"stream":{},"values":[)",
          R"(["1767225600000000000",")", "\"]", ",", "]}]}}"),
      stored(200, R"({"took":3,"hits":{"total":{"value":200},"hits":[)",
             R"({"_index":"logs","_source":{"message":")", "\"}}", ",", "]}}")};
  for (const std::string &body : answers) {
    INFO(body.substr(0, 60));
    CHECK(logs_with({200, body}).verdict == Verdict::pass);
  }
  CHECK(asked_url ==
        std::string("http://store:9428/query?query=hellocheck") + kRun + "&limit=1000");
  const Outcome some = logs_with({200, victoria(150)});
  CHECK(some.verdict == Verdict::fail);
  CHECK(some.cause == "LinesLost");
  CHECK(some.what.find("150 of 200") != std::string::npos);
  CHECK(logs_with({200, ""}).cause == "NoLines");
  CHECK(logs_with({200, R"({"status":"success","data":{"result":[]}})"}).cause == "NoLines");
}

TEST_CASE("check: logs fails for a silent store, and not for one that refuses the query") {
  CHECK(logs_with({0, "connection refused"}).cause == "NoStore");
  CHECK(logs_with({0, "connection refused"}).verdict == Verdict::fail);
  for (const sys::HttpReply &reply :
       {sys::HttpReply{401, "no"}, sys::HttpReply{200, "<html>"}, sys::HttpReply{-1, "no curl"}})
    CHECK(logs_with(reply).verdict == Verdict::inconclusive);
  World none;
  CHECK(none.outcome("logs").verdict == Verdict::skip);
}

// tests/fixtures/logs/README.md says where the forms of these answers come from.
TEST_CASE("check: logs reads what Loki, Elasticsearch and VictoriaLogs answer") {
  struct Row {
    const char *file; ///< of tests/fixtures/logs
    int status;
    Verdict verdict;
    const char *cause, *words;
  };
  constexpr Verdict kFail = Verdict::fail, kUnknown = Verdict::inconclusive;
  const Row rows[] = {
      // each has a line twice; the service's line counts in any form
      {"loki", 200, kFail, "LinesLost", "3 of 200 lines"},
      {"elasticsearch", 200, kFail, "LinesLost", "2 of 200 lines"},
      {"victorialogs", 200, kFail, "LinesLost", "2 of 200 lines"},
      {"loki-empty", 200, kFail, "NoLines", "0 of 200 lines"},
      {"elasticsearch-empty", 200, kFail, "NoLines", "0 of 200 lines"},
      {"elasticsearch-partial", 200, kUnknown, "StoreRefused", "\"failed\":1"},
      {"elasticsearch-no-index", 404, kUnknown, "StoreRefused", "index_not_found_exception"},
      {"elasticsearch-no-index", 200, kUnknown, "StoreRefused", "no such index"}, // by a gateway
      {"elasticsearch-no-user", 401, kUnknown, "StoreRefused", "status 401"},
      {"elasticsearch", 500, kUnknown, "StoreRefused", "status 500"},
      {"elasticsearch", 206, kUnknown, "StoreRefused", "status 206"},
  };
  for (const Row &row : rows) {
    CAPTURE(row.file);
    CAPTURE(row.status);
    const Outcome outcome = logs_with(
        {row.status,
         sys::read_file(fixture_path("logs/" + std::string(row.file) + ".json"), 1 << 20)});
    CHECK(outcome.verdict == row.verdict);
    CHECK(outcome.cause == row.cause);
    const std::string evidence = outcome.evidence.empty() ? "" : outcome.evidence[0];
    CHECK((outcome.what + evidence).find(row.words) != std::string::npos);
  }
}

TEST_CASE("check: logs repeats what Loki says of a query that it refuses") {
  const sys::HttpReply replies[] = {
      {401, "no org id\n"},
      {400, "parse error at line 1, col 2: syntax error: unexpected IDENTIFIER\n"},
      {400, "max entries limit per query exceeded, limit > max_entries_limit_per_query "
            "(1000 > 500)\n"},
      {429, "too many outstanding requests\n"}};
  for (const sys::HttpReply &reply : replies) {
    const Outcome outcome = logs_with(reply);
    CHECK(outcome.cause == "StoreRefused");
    CHECK(outcome.evidence.at(0) + "\n" == fmt::format("status {}: {}", reply.status, reply.body));
  }
}

TEST_CASE("check: logs takes only an answer of a store for one") {
  for (const char *body :
       {"<!doctype html><title>Sign in</title>", "parse error at line 1, col 2: syntax error",
        "\"ok\"", "42", "null", "true", "{\"status\":\"error\",\"error\":\"x\"}",
        "{\"hits\":", "\xff\xfe", "{\"timed_out\":true,\"hits\":{\"hits\":[]}}"}) {
    CAPTURE(body);
    CHECK(logs_with({200, body}).cause == "StoreRefused");
  }
  for (const int status : {301, 302, 307, 308}) {
    const Outcome moved = logs_with({status, "<a href=\"/login\">Found</a>"});
    CHECK(moved.verdict == Verdict::inconclusive);
    CHECK(moved.advice.find("it redirects, which is not followed") == 0);
  }
  for (const int status : {204, 400, 403, 429, 500, 502, 503}) {
    const Outcome refused = logs_with({status, ""});
    CHECK(refused.verdict == Verdict::inconclusive);
    CHECK(refused.evidence[0].find(std::to_string(status)) != std::string::npos);
  }
}

TEST_CASE("check: logs proves nothing if the client's own log has gaps") {
  World world("check: {logs: {url: 'http://store/?q={marker}'}}\n");
  world.options.get = ask_store;
  store_reply = {200, ""};
  world.said["check-logs"] = log_of({"\"i\":0,\"step\":\"log\",\"text\":\"x\""});
  CHECK(world.outcome("logs").verdict == Verdict::inconclusive);
}

TEST_CASE("check: the header for the log store comes from outside, and is masked") {
  ::setenv("HELLO_TEST_LOGS", "Authorization: Bearer s3cret-of-the-store\n", 1);
  World world("check: {logs: {url: 'http://store/?q={marker}', header: "
              "'env:HELLO_TEST_LOGS'}}\n");
  world.options.get = ask_store;
  world.said["check-logs"] = marked_log();
  store_reply = {401, "s3cret-of-the-store is not a token"};
  const check::Report report = world.run({"logs"});
  CHECK(asked_header == "Authorization: Bearer s3cret-of-the-store");
  CHECK(to_json(report).find("s3cret") == std::string::npos);
  CHECK(to_json(report).find("is not a token") != std::string::npos);
}

TEST_CASE("check: a query without a place for the marker is an error before anything runs") {
  World world("check: {logs: {url: 'http://store/?q=all'}}\n");
  try {
    world.run({"logs"});
    FAIL("it ran");
  } catch (const Error &error) {
    CHECK(error.code() == Exit::invalid);
    CHECK(std::string(error.what()).find("check.logs.url: it lacks {marker}") != std::string::npos);
  }
  CHECK(world.cluster.journal.empty());
  CHECK(world.run({"api"}).exit == Exit::ok); // which needs none
}

TEST_CASE("check: a wrong check.logs.header is an error before anything runs, and not shown") {
  const auto error_of = [](const std::string &header, const std::string &only = "logs") {
    World world("check: {logs: {url: 'http://store/?q={marker}', header: '" + header + "'}}\n");
    world.cluster.fail_always(Operation::fetch, failure(kube::Trouble::unreachable));
    try {
      world.run({only});
    } catch (const Error &error) {
      CHECK(world.cluster.journal.empty());
      return (error.code() == Exit::invalid ? "invalid: " : "") + error.words();
    }
    return std::string();
  };
  ::unsetenv("HELLO_TEST_LOGS");
  const std::string unset = error_of("env:HELLO_TEST_LOGS");
  CHECK(unset.find("invalid: stdin:1:") == 0);
  CHECK(unset.find("check.logs.header: the variable HELLO_TEST_LOGS is not set") != unset.npos);
  CHECK(error_of("file:/no/such/file").find("/no/such/file: No such file") != unset.npos);
  for (const char *value :
       {"s3cret", "A: s3cret\nB: s3cret", "A: s3cret\r\nB: c", ": s3cret", ""}) {
    ::setenv("HELLO_TEST_LOGS", value, 1);
    const std::string words = error_of("env:HELLO_TEST_LOGS");
    CHECK(words.find("HELLO_TEST_LOGS does not hold one header") != words.npos);
    CHECK(words.find("s3cret") == words.npos);
  }
  CHECK(error_of("env:HELLO_TEST_LOGS", "api").find("invalid") == unset.npos); // it needs none
}
