#include "server/site/messages.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hello/error.h"
#include "hello/file.h"
#include "server/log/notice.h"

namespace hello::server {
namespace {
/// Interval of checks without an event: some file systems send none.
constexpr int kPollMs = 10'000;
constexpr std::size_t kOldVersions = 2; ///< of the page, that slow readers may keep in memory
/// How long the loops may take to close the readers of older versions.
constexpr int kDropTries = 100;
constexpr std::chrono::milliseconds kDropPause{10};
constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE;

std::string directory_of(const std::string &file) {
  const std::size_t slash = file.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : file.substr(0, slash);
}
} // namespace

Messages::Messages(std::string text, std::string file, std::string pod, Budget &budget)
    : file_(std::move(file)), pod_(std::move(pod)), text_(std::move(text)), budget_(budget) {
  if (!file_.empty()) {
    directory_ = directory_of(file_);
    wake_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    inotify_.reset(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    // Watch before reading, so that no change is missed.
    watch_ = inotify_add_watch(inotify_.get(), directory_.c_str(), kEvents);
    seen_ = stamp();
    text_ = sys::read_file(file_, kMaxMessagesBytes, Exit::invalid);
  }
  if (const std::string problem = messages_problem(text_); !problem.empty())
    throw Error(Exit::invalid, (file_.empty() ? "MESSAGES" : file_) + ": " + problem,
                "give UTF-8 text");
  page_ = make(text_);
}

Messages::~Messages() { stop(); }

void Messages::start(LoopGroup *readers) {
  readers_ = readers;
  if (watched()) thread_ = std::thread([this] { watch(); });
}

void Messages::stop() noexcept {
  if (!thread_.joinable()) return;
  stopping_.store(true);
  wake();
  thread_.join();
}

void Messages::reread() noexcept {
  if (!thread_.joinable()) return;
  rereading_.store(true);
  wake();
}

void Messages::wake() noexcept {
  const std::uint64_t one = 1;
  while (::write(wake_.get(), &one, sizeof one) < 0 && errno == EINTR) {
  }
}

std::shared_ptr<const Page> Messages::page() const {
  const std::lock_guard lock(mutex_);
  return page_;
}

Messages::Stamp Messages::stamp() const {
  struct stat status {};
  if (::stat(file_.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino, status.st_size, status.st_ctim.tv_sec,
          status.st_ctim.tv_nsec};
}

/// Makes a page that is charged to the budget as long as it is in memory.
std::shared_ptr<const Page> Messages::make(std::string_view text) {
  const auto bytes = static_cast<std::ptrdiff_t>(page_bytes(text));
  budget_.charge_pages(bytes);
  return {new Page(make_page(text, pod_)), [budget = &budget_, bytes](const Page *page) {
            delete page;
            budget->charge_pages(-bytes);
          }};
}

/// Makes room for one more version: with it, there may be two old ones. The readers of older ones
/// are closed. False if they do not end in time.
bool Messages::make_room() {
  const auto forget = [this] {
    std::erase_if(old_, [](const auto &version) { return version.second.expired(); });
    return old_.size() + 1 <= kOldVersions;
  };
  if (forget()) return true;
  if (readers_) readers_->drop_versions_before(old_[old_.size() - kOldVersions + 1].first);
  for (int i = 0; i < kDropTries && !forget(); ++i) std::this_thread::sleep_for(kDropPause);
  return forget();
}

void Messages::reload() {
  std::string problem;
  try {
    std::string text = sys::read_file(file_, kMaxMessagesBytes);
    problem = messages_problem(text);
    if (problem.empty() && text == text_) return;
    if (problem.empty() && !make_room())
      problem = "two earlier texts are still being sent";
    else if (problem.empty() && !budget_.has_room_for_page(page_bytes(text)))
      problem = "its pages do not fit the memory budget";
    if (problem.empty()) {
      auto page = make(text);
      text_ = std::move(text);
      old_.emplace_back(version(), page_);
      const std::lock_guard lock(mutex_);
      page_ = std::move(page);
      version_.fetch_add(1, std::memory_order_release);
    }
  } catch (const std::exception &error) {
    problem = error.what();
  }
  if (problem.empty()) return notice(Level::info, "messages changed", {{"file", file_}});
  failures_.fetch_add(1, std::memory_order_relaxed);
  notice(Level::warning, "messages not changed: the old text stays",
         {{"file", file_}, {"reason", problem}});
}

/// Reads the pending events. Returns true if one of them may mean a change of the file.
bool Messages::read_events() {
  bool changed = false;
  alignas(inotify_event) char buffer[4096];
  for (ssize_t n; (n = ::read(inotify_.get(), buffer, sizeof buffer)) > 0;)
    for (const char *at = buffer; at < buffer + n;) {
      inotify_event event; // copied: the next one may not be aligned
      std::memcpy(&event, at, sizeof event);
      if ((event.mask & IN_IGNORED) != 0)
        watch_ = -1; // the directory was removed: watch() adds a new watch
      if (event.mask == IN_CREATE) {
        // A new link is complete at once; a new file only when it is closed, which is another
        // event.
        struct stat status {};
        const std::string name = directory_ + "/" + (event.len > 0 ? at + sizeof event : "");
        changed = changed || (::lstat(name.c_str(), &status) == 0 && S_ISLNK(status.st_mode));
      } else {
        changed = true;
      }
      at += sizeof event + event.len;
    }
  return changed;
}

void Messages::watch() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  Stamp previous = seen_;
  bool look = false;
  while (true) {
    if (watch_ < 0) watch_ = inotify_add_watch(inotify_.get(), directory_.c_str(), kEvents);
    if (look)
      if (const Stamp now = stamp(); now != seen_) {
        seen_ = now;
        reload();
      }
    pollfd sources[] = {{wake_.get(), POLLIN, 0}, {inotify_.get(), POLLIN, 0}};
    const int ready = ::poll(sources, 2, kPollMs);
    if (stopping_.load()) return;
    if (rereading_.exchange(false)) {
      std::uint64_t wakes = 0;
      [[maybe_unused]] const ssize_t n = ::read(wake_.get(), &wakes, sizeof wakes);
      seen_ = {};
      look = true;
    } else if (ready > 0) {
      look = read_events();
    } else {
      // Without events, a file may be half written: wait until two checks find the same.
      const Stamp now = stamp();
      look = now == std::exchange(previous, now);
    }
  }
}

} // namespace hello::server
