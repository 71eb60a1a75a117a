#include <cstdlib>
#include <string>
#include <string_view>

#include <unistd.h>

#include "cli/view/output.h"
#include "hello/cli.h"
#include "hello/notice.h"

namespace hello::cli {
namespace {

/// Whether the line runs a command that writes a log: then its errors are lines of the log. The
/// line itself may be what is wrong, so it is not parsed.
bool has_log(int argc, char **argv) {
  for (int i = 1; i < argc; ++i)
    if (std::string_view word = argv[i]; !word.starts_with('-'))
      return word == "serve" || word == "tail";
  return false;
}

/// The last value that the line gives the option, or else its variable; empty if there is none.
const char *given(int argc, char **argv, std::string_view option, const char *variable) {
  const char *const set = std::getenv(variable);
  const char *value = set ? set : "";
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (!word.starts_with(option)) continue;
    if (word.size() == option.size() && i + 1 < argc) value = argv[i + 1];
    if (word.substr(option.size()).starts_with('=')) value = argv[i] + option.size() + 1;
  }
  return value;
}

/// The format that the line or the environment sets; empty if they set none.
std::string_view format_word(int argc, char **argv) {
  for (const std::string_view format : {given(argc, argv, "--log-format", "HELLO_LOG_FORMAT"),
                                        given(argc, argv, "--access-log", "HELLO_ACCESS_LOG")})
    if (format == "json" || format == "text") return format;
  return "";
}

/// Where a log agent looks for the reason, too. That it cannot be written is not this error.
void set_file(int argc, char **argv) {
  const std::string path = given(argc, argv, "--stderr-file", "HELLO_STDERR_FILE");
  try {
    if (!path.empty()) server::set_notice_file(path, "--stderr-file");
  } catch (const Error &) { // NOLINT(bugprone-empty-catch)
  }
}

} // namespace

void report(int argc, char **argv, const Error &error) {
  // A mistake in the command line, made at a terminal, reads best as in all other commands.
  const bool is_shown = error.code() == Exit::usage && ::isatty(STDERR_FILENO) == 1;
  if (!has_log(argc, argv) || is_shown) {
    say(error.words());
    return;
  }
  using namespace server;
  set_notice_format(log_format(format_word(argc, argv), STDERR_FILENO));
  set_file(argc, argv);
  const std::string code = std::to_string(static_cast<int>(error.code()));
  const Note exit_code = {"exit_code", code, Note::Kind::number};
  if (error.hint().empty())
    notice(Level::error, Event::fatal, shown(error.what()), {exit_code});
  else
    notice(Level::error, Event::fatal, shown(error.what()), {{"hint", error.hint()}, exit_code});
}

} // namespace hello::cli
