#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "hello/fd.h"
#include "hello/http_client.h"
#include "hello/kube.h"

namespace hello::kube {

/// `kubectl proxy` on a socket that only this user can reach, for GET alone; ends with this object.
class Proxy {
public:
  /// Starts `command` + proxy; does not wait. Main thread.
  explicit Proxy(std::vector<std::string> command);
  ~Proxy();

  Reply get(const std::string &path, const char *accept = "application/json");
  std::unique_ptr<Stream> stream(const std::string &path);

private:
  void await();

  sys::Fd
      lock_; ///< on the directory, so that the next one knows whether we live; before directory_
  std::string directory_, socket_;
  std::unique_ptr<sys::Child> child_;
  std::mutex starting_, using_;
  bool ready_ = false;
  std::vector<std::unique_ptr<sys::HttpClient>> idle_; ///< under using_
};

} // namespace hello::kube
