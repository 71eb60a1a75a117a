// A log line of any texts, in both formats: one line, of which nothing is obeyed, valid as JSON,
// and no longer than the atomic write of a pipe.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "hello/json.h"
#include "hello/text.h"
#include "server/log/line.h"

using namespace hello;
using namespace hello::server;

namespace {
void require(bool good) {
  if (!good) std::abort();
}

std::string line_of(LogFormat format, std::string_view first, std::string_view second) {
  constexpr Field kPath = {",\"path\":", " path="};
  std::string out;
  Line line(out, format);
  line.begin("2026-11-23T04:00:00.123Z", Level::info, first.substr(0, 64), Event::request);
  line.text(kPath, first, 256);
  line.text("reason", second, 256);
  line.end();
  return out;
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char *>(data), size);
  const std::size_t half = size ? data[0] * size / 256 : 0;
  const std::string_view first = bytes.substr(0, half), second = bytes.substr(half);
  for (const LogFormat format : {LogFormat::json, LogFormat::text}) {
    const std::string line = line_of(format, first, second);
    require(line.size() <= 4096 && line.find('\n') == line.size() - 1);
    require(text::invalid_utf8(line) == line.npos);
    for (std::size_t i = 0; i + 1 < line.size();) {
      const char32_t c = text::next_code_point(line, i);
      require(c >= 0x20 && !(c >= 0x7F && c < 0xA0) && !(c >= 0x202A && c <= 0x202E) &&
              !(c >= 0x2066 && c <= 0x2069) && c != 0x2028 && c != 0x2029 && c != 0x200E &&
              c != 0x200F && c != 0x061C);
    }
    if (format != LogFormat::json) continue;
    const json::Value value = json::parse(line, "line");
    if (text::invalid_utf8(first) == first.npos && first.size() <= 256)
      require(value.text("path") == first);
  }
  return 0;
}
