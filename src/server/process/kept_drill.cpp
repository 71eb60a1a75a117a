#include "server/process/kept_drill.h"

#include <cerrno>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hello/error.h"
#include "hello/file.h"
#include "hello/text.h"

namespace hello::server {

using drills::Drill;
using drills::Fault;

namespace {

/// How often the fault still happens.
int count_of(const Drill &drill) {
  return drill.fault == Fault::start ? static_cast<int>(drill.amount) : drill.repeat;
}

/// The only line of a file that is complete and this user's; else empty.
std::string line_of(const std::string &path) {
  const sys::Fd file = sys::open_regular(path, O_RDONLY | O_NOFOLLOW);
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0 || status.st_uid != ::geteuid()) return "";
  char bytes[128];
  const ssize_t count = ::read(file.get(), bytes, sizeof bytes);
  if (count < 1 || bytes[count - 1] != '\n') return "";
  return {bytes, static_cast<std::size_t>(count - 1)};
}

/// Reads "DRILL COUNT END", as keep_drill() writes it.
std::optional<Drill> read(const std::string &line, Fault fault, std::time_t now) {
  const auto words = text::words(line);
  Drill drill;
  if (words.size() != 3 || !drills::parse(words[0], drill).empty() || drill.fault != fault)
    return std::nullopt;
  const auto count = text::integer(words[1], 1, drills::kMostRepeats);
  const std::int64_t longest = std::chrono::seconds(drills::kLongestTime).count();
  const auto end = text::integer(words[2], now + 1, now + longest);
  if (!count || !end) return std::nullopt;
  if (fault == Fault::start)
    drill.amount = *count;
  else
    drill.repeat = static_cast<int>(*count);
  drill.time = std::chrono::seconds(*end - now);
  return drill;
}

} // namespace

std::string drill_file(const std::string &folder, Fault fault) {
  return fmt::format("{}/hello-drill-{}", folder, drills::name_of(fault));
}

std::optional<Drill> kept_drill(const std::string &folder, Fault fault, std::time_t now) {
  auto drill = read(line_of(drill_file(folder, fault)), fault, now);
  if (!drill) forget_drill(folder, fault);
  return drill;
}

std::string keep_drill(const std::string &folder, const Drill &drill, std::time_t now) {
  forget_drill(folder, drill.fault);
  if (count_of(drill) == 0) return "";
  const std::string path = drill_file(folder, drill.fault);
  const auto end = now + std::chrono::ceil<std::chrono::seconds>(drill.time).count();
  // The sandbox allows new files alone, and no links.
  const sys::Fd file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  const int error =
      file ? sys::write_all(file.get(), fmt::format("{} {} {}\n", drill.text, count_of(drill), end))
           : errno;
  return error == 0 ? "" : fmt::format("cannot write {}: {}", path, sys::open_problem(error));
}

void forget_drill(const std::string &folder, Fault fault) {
  ::unlink(drill_file(folder, fault).c_str());
}

void fail_start(const std::string &folder, std::time_t now) {
  auto drill = kept_drill(folder, Fault::start, now);
  if (!drill) return;
  --drill->amount;
  keep_drill(folder, *drill, now); // on a full disk the file is gone, and the next start succeeds
  throw Error(Exit::failure, fmt::format("the drill {} makes this start fail", drill->text),
              fmt::format("{} more to come, unless it ends before", drill->amount));
}

} // namespace hello::server
