#include "kube/proxy.h"

#include <cstdlib>
#include <cstring>

#include <sys/socket.h>
#include <unistd.h>

#include <httplib.h>

namespace hello::kube {
namespace {

std::unique_ptr<httplib::Client> client_of(const std::string &socket) {
  auto client = std::make_unique<httplib::Client>(socket);
  client->set_address_family(AF_UNIX);
  client->set_default_headers({{"Host", "localhost"}});
  client->set_path_encode(false);
  client->set_connection_timeout(5);
  client->set_keep_alive(true);
  return client;
}

class HttpStream final : public Stream {
public:
  HttpStream(const std::string &socket, std::string path) : client_(client_of(socket)), path_(std::move(path)) {
    client_->set_keep_alive(false);
    client_->set_read_timeout(330); // watches end by themselves after 300 s: silence past that is a dead connection
  }

  Reply run(const std::function<bool(std::string_view)> &take) override {
    Reply reply;
    const auto result = client_->Get(
        path_, httplib::Headers{{"Accept", "application/json"}},
        [&](const httplib::Response &response) {
          reply.status = response.status;
          return true;
        },
        [&](const char *data, std::size_t size) {
          if (reply.status == 200) return take({data, size});
          reply.body.append(data, size);
          return reply.body.size() < (1 << 20);
        });
    if (!result && reply.status == 0) reply.body = httplib::to_string(result.error());
    return reply;
  }

  void stop() override { client_->stop(); }

private:
  std::unique_ptr<httplib::Client> client_;
  std::string path_;
};

std::string private_directory() {
  const char *base = std::getenv("XDG_RUNTIME_DIR");
  if (!base || ::access(base, W_OK) != 0) base = std::getenv("TMPDIR");
  if (!base || !*base) base = "/tmp";
  std::string path = std::string(base) + "/hello-XXXXXX"; // mkdtemp: mode 0700
  if (!::mkdtemp(path.data()))
    throw Error(Exit::failure, "cannot make a private directory in " + std::string(base) + ": " + std::strerror(errno),
                "set TMPDIR to a directory that can be written");
  return path;
}

} // namespace

Proxy::Proxy(std::vector<std::string> command) : directory_(private_directory()), socket_(directory_ + "/api") {
  command.insert(command.end(), {"proxy", "--unix-socket=" + socket_, "--reject-methods=^(POST|PUT|PATCH|DELETE)$"});
  try {
    child_ = std::make_unique<sys::Child>(command, false);
  } catch (...) {
    ::rmdir(directory_.c_str());
    throw;
  }
}

Proxy::~Proxy() {
  child_.reset();
  ::unlink(socket_.c_str());
  ::rmdir(directory_.c_str());
}

void Proxy::await() {
  const std::lock_guard lock(starting_);
  if (ready_) return;
  std::string out, err;
  const auto deadline = sys::Clock::now() + std::chrono::seconds(20);
  for (bool alive = true; alive && out.find('\n') == std::string::npos;) { // "Starting to serve on …"
    const int fds[] = {child_->out(), child_->err()};
    if (!sys::wait_readable(fds, deadline)) break;
    sys::drain(child_->err(), err);
    alive = sys::drain(child_->out(), out);
  }
  if (out.find('\n') == std::string::npos) {
    sys::Finished failed{1, false, {}, err};
    throw explain(failed, "start kubectl proxy", {});
  }
  ready_ = true;
}

Reply Proxy::get(const std::string &path, const std::string &accept) {
  await();
  std::unique_ptr<httplib::Client> client; // kept alive from read to read; as many as there are reads at once
  {
    const std::lock_guard lock(using_);
    if (!idle_.empty()) {
      client = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (!client) {
    client = client_of(socket_);
    client->set_read_timeout(20);
  }
  const auto result = client->Get(path, httplib::Headers{{"Accept", accept}});
  if (!result) return {0, httplib::to_string(result.error())};
  const std::lock_guard lock(using_);
  idle_.push_back(std::move(client));
  return {result->status, result->body};
}

Reply fetch(const std::string &url) {
  const auto scheme = url.find("://");
  const auto slash = url.find('/', scheme == std::string::npos ? 0 : scheme + 3);
  httplib::Client client(url.substr(0, slash));
  client.set_connection_timeout(3);
  client.set_read_timeout(5);
  const auto result = client.Get(slash == std::string::npos ? "/" : url.substr(slash));
  if (!result) return {0, httplib::to_string(result.error())};
  return {result->status, result->body};
}

std::unique_ptr<Stream> Proxy::stream(const std::string &path) {
  await();
  return std::make_unique<HttpStream>(socket_, path);
}

} // namespace hello::kube
