#include "server/site/messages.h"

#include <functional>
#include <optional>
#include <utility>

#include <sys/stat.h>

#include "hello/error.h"
#include "hello/file.h"
#include "hello/file_work.h"
#include "hello/notice.h"

namespace hello::server {
namespace {
using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kInterval = 500ms; ///< between two looks at the file
/// Looks that read the file again after a change: some file systems' times have only whole seconds,
/// so that a second change may look like the first.
constexpr int kReadAgain = 3;
constexpr std::size_t kOldVersions = 2; ///< of the page, that slow readers may keep in memory
/// How long the loops may take to close the readers of older versions.
constexpr int kDropTries = 100;
constexpr std::chrono::milliseconds kDropPause = 10ms;

/// The fields of stat() that identify one version of a file.
struct Stamp {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  time_t changed = 0;
  long changed_ns = 0;
  bool operator==(const Stamp &) const = default;
};

Stamp stamp_of(const std::string &path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino, status.st_size, status.st_ctim.tv_sec,
          status.st_ctim.tv_nsec};
}
} // namespace

class Messages::Watch final : public sys::FileWork {
public:
  Watch(std::string path, Messages &owner)
      : FileWork(kInterval), path_(std::move(path)), owner_(owner) {}

  /// For the start, where one look is enough.
  void read_first() {
    while (!text_ && !error_) {
      previous_ = stamp_of(path_);
      look();
    }
  }
  /// What the last look found, for the thread that called it.
  std::optional<std::string> &text() { return text_; }
  const std::optional<Error> &error() const { return error_; }
  const std::string &path() const { return path_; }

  void read_again() noexcept {
    reading_again_.store(true);
    look_now();
  }
  using FileWork::pause;

private:
  void look() override {
    text_.reset();
    error_.reset();
    const Stamp now = stamp_of(path_);
    if (reading_again_.exchange(false)) seen_.reset();
    const bool settled = now == std::exchange(previous_, now);
    const bool changed = now != seen_;
    if (!settled || (!changed && again_ == 0)) return;
    try {
      std::string text = sys::read_regular_file(path_, kMaxMessagesBytes, Exit::invalid);
      if (stamp_of(path_) != now) return; // changed meanwhile: the next look sees it
      again_ = changed ? kReadAgain : again_ - 1;
      const std::size_t hash = std::hash<std::string_view>()(text);
      if (std::exchange(hash_, hash) != hash || changed) text_ = std::move(text);
    } catch (const Error &error) {
      again_ = kReadAgain; // it may heal
      hash_ = 0;
      if (changed) error_ = error;
    }
    seen_ = now;
  }

  void report() override {
    if (text_) owner_.take(std::move(*text_));
    if (error_) owner_.fail(error_->what());
  }

  const std::string path_;
  Messages &owner_; ///< for report() only
  std::atomic<bool> reading_again_{false};
  Stamp previous_;                  ///< at the last look
  std::optional<Stamp> seen_;       ///< of the version that was read last
  std::size_t hash_ = 0;            ///< of its text
  int again_ = 0;                   ///< looks that still read it although it looks unchanged
  std::optional<std::string> text_; ///< that the last look found new
  std::optional<Error> error_;      ///< that it met first
};

Messages::Messages(std::string text, std::string file, std::string pod, Budget &budget,
                   std::string_view holder)
    : pod_(std::move(pod)), text_(std::move(text)), budget_(budget) {
  std::string name(holder);
  if (!file.empty()) {
    watch_ = std::make_shared<Watch>(file, *this);
    if (!sys::run_within(sys::kFileTimeout, [watch = watch_] { watch->read_first(); }))
      throw Error(Exit::invalid,
                  name + ": cannot read " + file + ": its file system does not answer",
                  "name a file that can be read, or give the text by MESSAGES");
    if (const auto &error = watch_->error())
      throw Error(error->code(), name + ": " + error->what(), error->hint());
    name += ": " + file;
    text_ = std::move(*watch_->text());
  }
  if (const std::string problem = messages_problem(text_); !problem.empty())
    throw Error(Exit::invalid, name + ": " + problem, "give UTF-8 text");
  page_ = make(text_);
}

Messages::~Messages() { stop(std::chrono::steady_clock::now() + 1s); }

void Messages::start(LoopGroup *readers) {
  readers_ = readers;
  if (watch_) watch_->start();
}

void Messages::request_stop() noexcept {
  if (watch_) watch_->request_stop();
}

void Messages::stop(std::chrono::steady_clock::time_point deadline) noexcept {
  if (watch_) watch_->stop(deadline);
}

void Messages::reread() noexcept {
  if (watch_) watch_->read_again();
}

std::shared_ptr<const Page> Messages::page() const {
  const std::lock_guard lock(mutex_);
  return page_;
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
  for (int i = 0; i < kDropTries && !forget() && watch_->pause(kDropPause); ++i) {
  }
  return forget();
}

void Messages::take(std::string text) {
  const std::string problem = messages_problem(text);
  if (!problem.empty()) return fail(problem);
  if (text == text_) return;
  if (!make_room()) return fail("two earlier texts are still being sent");
  if (!budget_.has_room_for_page(page_bytes(text)))
    return fail("its pages do not fit the memory budget");
  auto page = make(text);
  text_ = std::move(text);
  old_.emplace_back(version(), page_);
  {
    const std::lock_guard lock(mutex_);
    page_ = std::move(page);
    version_.fetch_add(1, std::memory_order_release);
  }
  notice(Level::info, Event::messages_changed, "messages changed", {{"file", watch_->path()}});
}

void Messages::fail(std::string_view problem) {
  failures_.fetch_add(1, std::memory_order_relaxed);
  notice(Level::warning, Event::messages_kept, "messages not changed: the old text stays",
         {{"file", watch_->path()}, {"reason", problem}});
}

} // namespace hello::server
