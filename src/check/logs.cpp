#include <bitset>
#include <cstdlib>

#include <fmt/core.h>

#include "check/context.h"
#include "hello/file.h"
#include "hello/mask.h"
#include "hello/text.h"

namespace hello::check {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kLines = 200;
constexpr std::string_view kPlace = "{marker}";

/// One word for every store: letters and digits only.
std::string marker_of(const Context &context) { return "hellocheck" + context.run; }

/// Which of the client's lines an answer of the store contains.
std::size_t count_lines(std::string_view body, std::string_view marker) {
  std::bitset<kLines> seen;
  for (std::size_t at = 0; (at = body.find(marker, at)) != body.npos;) {
    at += marker.size();
    if (!body.substr(at).starts_with('-')) continue;
    if (const auto number = text::integer(body.substr(at + 1, 3), 0, kLines - 1))
      seen.set(static_cast<std::size_t>(*number));
  }
  return seen.count();
}

/// Stores answer with JSON, or one JSON object a line; nothing at all is no line. An answer that
/// says itself that it is an error, or not complete, is none.
bool is_answer(std::string_view body) {
  for (const std::string_view part : {body, text::first_line(body)}) {
    try {
      if (part.empty()) return true;
      const json::Value answer = json::parse(part, "answer", {.bytes = 8 << 20, .depth = 32});
      return answer.is_array() ||
             (answer.is_object() && !answer.find("error") && answer.text("status") != "error" &&
              !answer.at("timed_out").boolean() && answer.at("_shards", "failed").number() == 0);
    } catch (const Error &) { // perhaps one object a line
    }
  }
  return false;
}

/// What env:NAME or file:PATH names. Throws Error if it cannot be read.
std::string content_of(const std::string &from) {
  if (from.starts_with("file:")) return sys::read_file(from.substr(5), 64 << 10);
  const std::string name = from.substr(4);
  if (const char *value = std::getenv(name.c_str())) return value;
  throw Error(Exit::invalid, fmt::format("the variable {} is not set", name));
}

/// The header for the store, from where check.logs.header says. From now on nothing prints it.
std::string header_of(const config::Config &user) {
  const std::string from = user.text("check.logs.header");
  if (from.empty()) return "";
  const auto invalid = [&](std::string_view why) {
    return Error(Exit::invalid, fmt::format("{}: {}", user.place("check.logs.header"), why),
                 "write the header there, on one line: Authorization: Bearer TOKEN");
  };
  std::string header;
  try {
    header = text::trimmed(content_of(from));
  } catch (const Error &error) {
    throw invalid(error.what());
  }
  const auto colon = header.find(':');
  if (colon == header.npos || colon == 0 || header.find_first_of("\r\n") != header.npos)
    throw invalid(from + " does not hold one header");
  const std::string_view value = text::trimmed(std::string_view(header).substr(colon + 1));
  mask::add(value);
  mask::add(value.substr(value.rfind(' ') + 1)); // the token without its scheme
  return header;
}

/// What the store has not shown in time.
Outcome not_there(const sys::HttpReply &reply, std::size_t found, seconds time) {
  const std::string said = reply.status ? fmt::format("status {}: {}", reply.status,
                                                      text::cut(text::first_line(reply.body), 200))
                                        : reply.body;
  if (reply.status < 0) return inconclusive("NoInstrument", said);
  if (reply.status == 0)
    return failed("NoStore", "the log store does not answer", {said},
                  "look at the store's pods; this machine must reach check.logs.url");
  if (reply.status != 200 || !is_answer(reply.body)) {
    Outcome outcome = inconclusive("StoreRefused", "the log store does not answer the query");
    outcome.evidence = {said};
    outcome.advice = reply.status >= 300 && reply.status < 400
                         ? "it redirects, which is not followed: name the other address in "
                           "check.logs.url"
                         : "see check.logs.url and check.logs.header";
    return outcome;
  }
  return failed(
      found == 0 ? "NoLines" : "LinesLost",
      fmt::format("{} of {} lines are in the log store after {} s", found, kLines, time.count()),
      {fmt::format("kubectl logs has all {}", kLines)},
      "look at the collector's pod on the client's node, and at its log");
}

} // namespace

void check_log_store(const Context &context) {
  const std::string url = context.user.text("check.logs.url");
  if (!context.runs("logs") || url.empty()) return;
  if (url.find(kPlace) == url.npos)
    throw Error(Exit::invalid,
                fmt::format("{}: it lacks {}", context.user.place("check.logs.url"), kPlace),
                "hello puts the word there that the query must search for");
  header_of(context.user);
}

Outcome check_logs(Context &context) {
  std::string url = context.user.text("check.logs.url");
  if (url.empty())
    return {.verdict = Verdict::skip,
            .cause = "NotConfigured",
            .what = "check.logs.url names no log store"};
  const std::string marker = marker_of(context), header = header_of(context.user);
  for (std::size_t at; (at = url.find(kPlace)) != url.npos;) url.replace(at, kPlace.size(), marker);
  const Client client{
      .name = "check-logs", .ns = context.b, .args = {fmt::format("log {} {} 20", marker, kLines)}};
  const Heard heard = context.ask(client);
  if (!heard.trouble.empty()) return no_instrument(heard);
  if (heard.lines.size() != kLines + 1) // and the end
    return inconclusive("ControlFailed", "kubectl logs lacks lines of the client");
  const sys::Deadline start = context.cluster.now();
  const milliseconds bound = context.bound("logs.arrive");
  sys::HttpReply reply;
  std::size_t found = 0;
  for (const sys::Deadline end = context.until(bound);; context.sleep(seconds(1))) {
    reply = context.options.get(url, header, seconds(10));
    found = reply.status == 200 ? count_lines(reply.body, marker) : 0;
    const auto time = std::chrono::duration_cast<seconds>(context.cluster.now() - start);
    if (found == kLines) {
      Outcome outcome =
          passed(fmt::format("{} of {} lines were in the log store {} s after the last one", found,
                             kLines, time.count()));
      outcome.figures = {{"arrive", "s", time.count(), 5}};
      return outcome;
    }
    if (context.is_over(end)) return not_there(reply, found, time);
    context.doing(fmt::format("{} of {} lines are in the store", found, kLines));
  }
}

} // namespace hello::check
