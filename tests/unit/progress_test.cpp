#include <cstdio>

#include <doctest/doctest.h>
#include <unistd.h>

#include "cli/view/progress.h"

using namespace hello;

namespace {

/// What a view writes to `fd` when it is told an event.
std::string written(int fd, const std::function<std::unique_ptr<progress::View>()> &make,
                    const deploy::Event &event) {
  std::FILE *file = std::tmpfile();
  const int before = ::dup(fd);
  ::dup2(::fileno(file), fd);
  make()->tell(event);
  ::dup2(before, fd);
  ::close(before);
  std::string text(4096, '\0');
  text.resize(static_cast<std::size_t>(::pread(::fileno(file), text.data(), text.size(), 0)));
  std::fclose(file);
  return text;
}

const deploy::Event kWords{"problem", "Pod/a",
                           "its last words:\n\xc3\x1b[31mred\x07 \xc3\xa9\tend"};

} // namespace

TEST_CASE("progress: a JSON line is UTF-8, whatever bytes a container wrote last") {
  const std::string line = written(STDOUT_FILENO, progress::json_view, kWords);
  CHECK(line.find("its last words:\\n\xef\xbf\xbd\\u001b[31mred") != std::string::npos);
  CHECK(line.find("\xc3\xa9\\tend") != std::string::npos);
}

TEST_CASE("progress: a container's last words do not command the terminal") {
  const std::string text = written(STDERR_FILENO, progress::text_view, kWords);
  CHECK(text.find("?[31mred? \xc3\xa9\tend") != std::string::npos);
  CHECK(text.find('\x07') == std::string::npos);
}
