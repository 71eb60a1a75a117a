#pragma once
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "hello/fd.h"
#include "hello/http_client.h"
#include "hello/kube.h"
#include "hello/process.h"

namespace hello::kube {

/// `kubectl proxy` on a socket that only this user can reach; ends with this object.
class Proxy {
public:
  /// Starts `command` + proxy; does not wait. Main thread.
  Proxy(std::vector<std::string> command, Access access);
  ~Proxy();

  /// GET of an API path ("/api/v1/…"). Any thread. Starts out waiting for the proxy to listen.
  /// Throws Error(Exit::cluster) if it could not start.
  Result<std::string> get(const std::string &path);
  /// The same, again where the API server is too busy, when it says so, for a minute.
  Result<std::string> get_patiently(const std::string &path,
                                    const char *accept = "application/json");
  /// Whether 429 is an answer, or the request is repeated when the API server says so, until the
  /// limit; each time as long as there was to `deadline` at first.
  enum class Busy { answer, repeat };
  /// A write to an API path. Throws as get() does, and check_interrupted()'s Error.
  Result<std::string> write(const std::string &path, const sys::HttpWrite &what,
                            sys::Deadline deadline, Busy busy = Busy::repeat);
  /// A stream of an API path. Any thread. Throws as get() does.
  std::unique_ptr<Stream> stream(const std::string &path);

  /// When calls end, get() included; max(): each has a limit of its own.
  void set_limit(sys::Deadline limit) { limit_ = limit; }
  sys::Deadline limit() const { return limit_; }

  /// Waits until it listens. On the thread that made this object, one that has ended is started
  /// again. Throws as get() does.
  void await();

private:
  using Request = std::function<sys::HttpReply(sys::HttpClient &client)>;
  void start();
  sys::HttpReply ask(const char *method, const std::string &path, const Request &send);
  sys::HttpReply ask(const std::string &path, const char *accept);
  Failure failure_of_reply(const sys::HttpReply &reply);

  std::vector<std::string> command_;
  const std::string program_;
  const Access access_;

  sys::Fd lock_; ///< on the directory, as a sign of life for others; before directory_
  std::string directory_, socket_;
  std::unique_ptr<sys::Child> child_;
  std::atomic<sys::Deadline> limit_{sys::Deadline::max()};
  std::mutex starting_, using_;
  bool ready_ = false;
  const std::thread::id home_ = std::this_thread::get_id();
  sys::Deadline started_;
  std::vector<std::unique_ptr<sys::HttpClient>> idle_; ///< under using_
};

} // namespace hello::kube
