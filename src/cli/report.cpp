#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <unistd.h>

#include "hello/cli.h"
#include "hello/mask.h"
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

/// The format that the line or the environment sets; empty if they set none.
std::string_view format_word(int argc, char **argv) {
  const char *const variable = std::getenv("HELLO_LOG_FORMAT");
  std::string_view format = variable ? variable : "";
  for (int i = 1; i < argc; ++i) {
    std::string_view word = argv[i], name = word.substr(0, word.find('='));
    if (name != "--log-format" && name != "--access-log") continue;
    const bool joined = name.size() < word.size();
    if (!joined && i + 1 == argc) break;
    const std::string_view value = joined ? word.substr(name.size() + 1) : argv[i + 1];
    if (value == "json" || value == "text") format = value;
  }
  return format == "json" || format == "text" ? format : "";
}

} // namespace

void report(int argc, char **argv, const Error &error) {
  // A mistake in the command line, made at a terminal, reads best as in all other commands.
  const bool is_shown = error.code() == Exit::usage && ::isatty(STDERR_FILENO) == 1;
  if (!has_log(argc, argv) || is_shown) {
    std::fprintf(stderr, "hello: %s\n", mask::applied(error.what()).c_str());
    if (!error.hint().empty()) std::fprintf(stderr, "  %s\n", error.hint().c_str());
    return;
  }
  using namespace server;
  set_notice_format(log_format(format_word(argc, argv), STDERR_FILENO));
  const std::string code = std::to_string(static_cast<int>(error.code()));
  const Note exit_code = {"exit_code", code, Note::Kind::number};
  if (error.hint().empty())
    notice(Level::error, Event::fatal, error.what(), {exit_code});
  else
    notice(Level::error, Event::fatal, error.what(), {{"hint", error.hint()}, exit_code});
}

} // namespace hello::cli
