#include "sys/path_watch.h"

#include <cerrno>

#include <sys/inotify.h>
#include <unistd.h>

#include "hello/error.h"

namespace hello::sys {

PathWatch::PathWatch(const std::string &path, std::uint32_t events)
    : fd_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  name_ = slash == std::string::npos ? path : path.substr(slash + 1);
  if (::inotify_add_watch(fd_.get(), directory.c_str(), events | IN_ONLYDIR) < 0 &&
      (errno == ENOENT || errno == ENOTDIR))
    throw Error(Exit::usage,
                "cannot follow " + path + ": directory " + directory + " does not exist",
                "mount the volume that the service writes its log to");
}

std::uint64_t PathWatch::drain() {
  alignas(inotify_event) char bytes[4096];
  std::uint64_t appeared = 0;
  for (ssize_t n; (n = ::read(fd_.get(), bytes, sizeof bytes)) > 0;)
    for (char *at = bytes; at < bytes + n;) {
      const auto *event = reinterpret_cast<inotify_event *>(at);
      if ((event->mask & (IN_CREATE | IN_MOVED_TO)) && event->len > 0 && name_ == event->name)
        ++appeared;
      at += sizeof(inotify_event) + event->len;
    }
  return appeared;
}

} // namespace hello::sys
