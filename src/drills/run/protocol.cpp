#include <fmt/core.h>

#include "hello/drill_run.h"
#include "hello/error.h"
#include "hello/json.h"
#include "hello/text.h"

namespace hello::drills {
namespace {

Ask change(std::string path, std::string json, const std::string &key) {
  Ask ask{std::move(path), {{{std::string(kKeyHeader), key}, {"Hello-Drill", "1"}}, {}}};
  ask.request.json = std::move(json);
  return ask;
}

} // namespace

Ask to_list(const std::string &key) { return {"/drills", {{{std::string(kKeyHeader), key}}, {}}}; }

Ask to_begin(const Drill &drill, const std::string &key) {
  std::string json;
  json::Writer writer(json);
  writer.begin_object().key("drill").string(drill.text);
  writer.key("for").string(fmt::format("{}ms", drill.time.count()));
  if (drill.repeat > 0) writer.key("repeat").number(drill.repeat);
  writer.end_object();
  return change("/drills", std::move(json), key);
}

Ask to_stop(std::optional<Fault> fault, const std::string &key) {
  std::string json;
  json::Writer writer(json);
  writer.begin_object();
  if (fault) writer.key("fault").string(name_of(*fault));
  writer.end_object();
  return change("/drills/stop", std::move(json), key);
}

Reply read_reply(const sys::HttpReply &got) {
  Reply reply;
  reply.is_lost = got.status == 0;
  if (got.status != 200) {
    reply.wrong =
        text::printable(text::shortened(text::valid_utf8(text::first_line(got.body)), 200));
    if (reply.wrong.empty()) reply.wrong = fmt::format("status {}", got.status);
    return reply;
  }
  try {
    const json::Value all = json::parse(got.body, "answer", {.bytes = 64 << 10, .depth = 5});
    for (const json::Value &one : all.at("active").items())
      reply.active.push_back(
          {one.text("drill"), std::chrono::milliseconds(one.at("left_ms").number())});
    if (!all.at("active").is_array()) reply.wrong = "what answers is not a service with drills";
  } catch (const Error &error) {
    reply.wrong = error.what();
  }
  return reply;
}

} // namespace hello::drills
