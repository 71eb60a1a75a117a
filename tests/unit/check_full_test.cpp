#include <doctest/doctest.h>

#include <cstdlib>

#include "hello/mask.h"
#include "support/check_world.h"

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
  ::setenv("HELLO_TEST_LOGS", "s3cret", 1);
  CHECK(world.outcome("logs").verdict == Verdict::inconclusive);
}
