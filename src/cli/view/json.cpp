#include <ctime>

#include <chrono>

#include <unistd.h>

#include <fmt/core.h>

#include "cli/view/progress.h"
#include "hello/file.h"
#include "hello/json.h"
#include "hello/text.h"

namespace hello::progress {
namespace {

std::string now() {
  const auto time = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  return fmt::format(
      "{}.{:03}Z", text,
      std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count() %
          1000);
}

/// A container's last words may be of any bytes; invalid UTF-8 becomes U+FFFD.
std::string quoted(std::string_view text) {
  std::string out;
  json::quote(out, text);
  return out;
}

class JsonView final : public View {
public:
  void tell(const deploy::Event &event) override {
    if (event.name == "tick") return;
    std::string line = fmt::format("{{\"time\":\"{}\",\"event\":{}", now(), quoted(event.name));
    if (!event.object.empty()) line += ",\"object\":" + quoted(event.object);
    line += ",\"text\":" + quoted(event.text);
    for (const auto &[key, value] : event.facts)
      line += fmt::format(",{}:{}", quoted(key), quoted(value));
    if (event.plan) line += ",\"plan\":" + json_of(*event.plan);
    line += "}\n";
    sys::write_all(STDOUT_FILENO, line); // a reader that left is no error
  }
};

} // namespace

std::unique_ptr<View> json_view() { return std::make_unique<JsonView>(); }

} // namespace hello::progress
