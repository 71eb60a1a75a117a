#include "kube/client/proxy.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "hello/file.h"
#include "hello/text.h"
#include "kube/client/errors.h"
#include "kube/client/kubectl.h"

namespace hello::kube {
namespace {

std::unique_ptr<sys::HttpClient> client_of(const std::string &socket) {
  return std::make_unique<sys::HttpClient>(socket, 0, "localhost");
}

/// A request that is dropped before it is looked at gets no Status object, but the header.
std::chrono::seconds retry_after(const sys::HttpReply &reply) {
  const auto seconds = text::integer(reply.retry_after);
  return std::chrono::seconds(std::clamp<std::int64_t>(seconds.value_or(1), 1, 10));
}

Failure failure_of(const sys::HttpReply &reply, std::string_view words) {
  Failure failure = failure_of_status(reply.status, words);
  failure.again = retry_after(reply);
  return failure;
}

class HttpStream final : public Stream {
public:
  HttpStream(const std::string &socket, std::string path)
      : client_(client_of(socket)), path_(std::move(path)) {}

  std::optional<Failure> run(const sys::TakeBytes &take) override {
    // watches end by themselves after 300 s: silence past that is a dead connection
    const sys::HttpReply reply =
        client_->get(path_, "application/json",
                     {std::chrono::seconds(330), sys::Deadline::max(), 1 << 20}, take);
    if (reply.status == 200) return std::nullopt;
    return failure_of(reply, reply.body);
  }

  void stop() override { client_->stop(); }

private:
  std::unique_ptr<sys::HttpClient> client_;
  std::string path_;
};

constexpr std::chrono::seconds kBusy{
    60}; ///< how long an API server that is too busy is asked again

constexpr std::string_view kPrefix = "hello-proxy-";
constexpr std::size_t kLongestBase = sizeof(sockaddr_un::sun_path) - 32;

sys::Fd locked(const std::string &directory) {
  sys::Fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) fd.reset();
  return fd;
}

/// What a process that was killed has left: its lock went with it.
void clear_stale(const std::string &base) {
  for (const std::string &name : sys::names_in(base)) {
    if (!name.starts_with(kPrefix)) continue;
    const std::string directory = base + "/" + name;
    struct stat info;
    if (::lstat(directory.c_str(), &info) != 0 || info.st_uid != ::geteuid()) continue;
    if (std::time(nullptr) - info.st_mtime < 60 || !locked(directory))
      continue; // a new one is not locked at once
    ::unlink((directory + "/api").c_str());
    ::rmdir(directory.c_str());
  }
}

std::string private_directory(sys::Fd &lock) {
  const char *base = std::getenv("XDG_RUNTIME_DIR");
  if (!base || ::access(base, W_OK) != 0) base = std::getenv("TMPDIR");
  if (!base || !*base || std::strlen(base) > kLongestBase)
    base = "/tmp"; // a socket's path is short
  clear_stale(base);
  std::string path = fmt::format("{}/{}XXXXXX", base, kPrefix); // mkdtemp: mode 0700
  if (!::mkdtemp(path.data()))
    throw Error(Exit::failure,
                "cannot make a private directory in " + std::string(base) + ": " +
                    std::strerror(errno),
                "set TMPDIR to a directory that can be written");
  lock = locked(path);
  return path;
}

} // namespace

Proxy::Proxy(std::vector<std::string> command, Access access)
    : command_(std::move(command)), program_(command_[0]), access_(std::move(access)),
      directory_(private_directory(lock_)), socket_(directory_ + "/api") {
  command_.insert(command_.end(), {"proxy", "--unix-socket=" + socket_});
  try {
    start();
  } catch (...) {
    ::rmdir(directory_.c_str());
    throw;
  }
}

void Proxy::start() {
  ::unlink(socket_.c_str());
  started_ = sys::Clock::now();
  auto child = std::make_unique<sys::Child>(command_);
  const std::lock_guard lock(using_);
  child_ = std::move(child);
}

Proxy::~Proxy() {
  child_.reset();
  ::unlink(socket_.c_str());
  ::rmdir(directory_.c_str());
}

void Proxy::await() {
  const std::lock_guard lock(starting_);
  // it ends with the thread that starts it
  if (ready_ && std::this_thread::get_id() == home_ && child_->ended()) {
    ready_ = false;
    start();
  }
  if (ready_) return;
  std::string out, err;
  const auto deadline = std::min(sys::Clock::now() + std::chrono::seconds(20), limit());
  const auto serves = [&] { // a wrapper may write something before
    return out.find("Starting to serve") != out.npos;
  };
  for (bool alive = true; alive && !serves();) {
    const int fds[] = {child_->out(), child_->err()};
    if (!sys::wait_readable(fds, deadline)) break;
    sys::drain(child_->err(), err);
    alive = sys::drain(child_->out(), out);
  }
  if (!serves())
    throw explain(blame_age(failure_of({1, sys::Clock::now() > deadline, {}, std::move(err)}),
                            program_, access_.trace),
                  "start kubectl proxy", access_);
  ready_ = true;
  if (access_.trace)
    access_.trace(fmt::format(
        "{} proxy: serves  {} ms", program_,
        std::chrono::duration_cast<std::chrono::milliseconds>(sys::Clock::now() - started_)
            .count()));
}

/// Where no answer came, with what kubectl says: a credential plugin that hangs may name its
/// reason.
Failure Proxy::failure_of_reply(const sys::HttpReply &reply) {
  std::string said;
  if (reply.status == 0) {
    const std::lock_guard lock(using_);
    sys::drain(child_->err(), said);
  }
  const std::string words = words_of(said);
  return failure_of(reply, words.empty() ? reply.body
                                         : fmt::format("{}; kubectl says: {}", reply.body, words));
}

Result<std::string> Proxy::get(const std::string &path) {
  sys::HttpReply reply = ask(path, "application/json");
  if (reply.status != 200) return failure_of_reply(reply);
  return std::move(reply.body);
}

Result<std::string> Proxy::get_patiently(const std::string &path, const char *accept) {
  const sys::Deadline end = limit();
  const auto until = end == sys::Deadline::max() ? sys::Clock::now() + kBusy : end;
  for (;;) {
    sys::HttpReply reply = ask(path, accept);
    if (reply.status == 200) return std::move(reply.body);
    const auto again = retry_after(reply);
    if (reply.status != 429 || sys::Clock::now() + again > until) return failure_of_reply(reply);
    sys::pause(again);
  }
}

Result<std::string> Proxy::write(const std::string &path, const sys::HttpWrite &what,
                                 sys::Deadline deadline, Busy busy) {
  const auto time = std::chrono::ceil<std::chrono::milliseconds>(
      std::max(deadline - sys::Clock::now(), sys::Clock::duration(1))); // for each attempt
  const sys::Deadline end = limit(), last = end == sys::Deadline::max() ? deadline : end;
  for (;;) {
    sys::check_interrupted();
    const sys::Deadline until = std::min(end, sys::Clock::now() + time);
    sys::HttpReply reply = ask(what.method, path, [&](sys::HttpClient &client) {
      return client.write(path, what, {time, until});
    });
    if (reply.status / 100 == 2) return std::move(reply.body);
    const auto again = retry_after(reply);
    if (reply.status != 429 || busy == Busy::answer || sys::Clock::now() + again > last)
      return failure_of_reply(reply);
    sys::pause(again);
  }
}

sys::HttpReply Proxy::ask(const std::string &path, const char *accept) {
  return ask("GET", path, [&](sys::HttpClient &client) {
    return client.get(path, accept, {std::chrono::seconds(20), limit()});
  });
}

sys::HttpReply Proxy::ask(const char *method, const std::string &path, const Request &send) {
  await();
  std::unique_ptr<sys::HttpClient> client; // kept alive from read to read, one for each at a time
  {
    const std::lock_guard lock(using_);
    if (!idle_.empty()) {
      client = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (!client) client = client_of(socket_);
  const auto start = sys::Clock::now();
  // a write that was sent should be known to be done
  const std::chrono::milliseconds grace(*method == 'G' ? 0 : 1000);
  sys::HttpReply reply = sys::send_promptly(*client, grace, [&] { return send(*client); });
  if (access_.trace) {
    const auto time = sys::Clock::now() - start;
    access_.trace(fmt::format("kubectl proxy: {} {} {}  {} ms", method, path, reply.status,
                              std::chrono::duration_cast<std::chrono::milliseconds>(time).count()));
  }
  {
    const std::lock_guard lock(using_);
    idle_.push_back(std::move(client));
  }
  return reply;
}

std::unique_ptr<Stream> Proxy::stream(const std::string &path) {
  await();
  return std::make_unique<HttpStream>(socket_, path);
}

} // namespace hello::kube
