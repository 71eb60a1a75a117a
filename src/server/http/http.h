#pragma once
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/http/handler.h"

/// cpp-httplib's HTTP without its transport: the responses of requests that need not be fast.
namespace hello::server {

struct Reply {
  int status = 200;
  std::string content_type; ///< empty: no body
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

/// One per Handler, used on its thread alone. The request goes through
/// httplib::Server::process_request in memory.
class Http {
public:
  using Route = std::function<Reply(const Request &)>;
  explicit Http(Route route);
  ~Http();

  /// Appends the whole response. HEAD has the headers of GET and no body; "Connection" follows
  /// request.keep_alive.
  void respond(const Request &request, std::string &out);

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace hello::server
