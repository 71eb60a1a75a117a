#include <fmt/core.h>

#include "hello/check_client.h"
#include "hello/error.h"
#include "hello/text.h"

namespace hello::check {

const json::Value *Heard::of(std::size_t step, std::string_view kind) const {
  const json::Value *found = nullptr;
  for (const json::Value &line : lines)
    if (line.at("i").number(-1) == static_cast<std::int64_t>(step) && line.text("step") == kind)
      found = &line;
  return found;
}

Heard read_lines(std::string_view log, std::string_view run) {
  Heard heard;
  std::int64_t expected = 0;
  if (!log.empty() && !log.ends_with('\n')) // the last line is still being written
    log = log.substr(0, log.rfind('\n') == log.npos ? 0 : log.rfind('\n') + 1);
  for (const std::string_view text : text::lines(log)) {
    json::Value line;
    try {
      line = json::parse(text, "log", {.bytes = 64 << 10, .depth = 8});
    } catch (const Error &) {
      const std::string_view own = "hello: "; // an error ended it
      heard.trouble = text.starts_with(own) ? "the client ended: "
                                            : "the client wrote a line that is not its own: ";
      heard.trouble += text::cut(text.substr(text.starts_with(own) ? own.size() : 0), 300);
      return heard;
    }
    ++expected;
    if (line.at("v").number() != kProtocol)
      heard.trouble = "the client speaks another version of the protocol";
    else if (line.text("run") != run)
      heard.trouble = "the log has lines of another run";
    else if (line.at("seq").number() != expected)
      heard.trouble = fmt::format("the client's log has a gap: line {} where {} is due",
                                  line.at("seq").number(), expected);
    else if (heard.ended)
      heard.trouble = "the client wrote after its end";
    else if (line.at("end").boolean() && line.at("lines").number() != expected)
      heard.trouble = "the client's log is not complete";
    if (!heard.trouble.empty()) return heard;
    heard.ended = line.at("end").boolean();
    heard.lines.push_back(std::move(line));
  }
  return heard;
}

} // namespace hello::check
