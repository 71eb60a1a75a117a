#include <memory>
#include <random>
#include <string>
#include <vector>

#include <unistd.h>

#include "hello/error.h"
#include "server/http/forwarded.h"
#include "server/http/handler.h"
#include "server/log/access_log.h"
#include "server/site/admin_handler.h"
#include "server/site/messages.h"
#include "server/site/metrics.h"
#include "server/site/public_handler.h"

/// The application behind the engine: what all its handlers share.
namespace hello::server {
namespace {

LogFormat log_format(const std::string &word) {
  if (word == "off") return LogFormat::off;
  if (word == "json") return LogFormat::json;
  if (word == "text") return LogFormat::text;
  throw Error(Exit::usage, "--access-log: '" + word + "' is none of json, text, off");
}

/// The pod's name, as Kubernetes sets it.
std::string host_name() {
  char name[256] = "";
  if (gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return "localhost";
  return name;
}

class Service final : public Application {
public:
  Service(const Options &options, const Status &status)
      : status_(status), format_(log_format(options.access_log)), trusted_(options.trusted_proxies),
        messages_(options.messages, options.messages_file, host_name()) {
    if (format_ == LogFormat::off) return;
    sink_ = options.access_log_file.empty() ? std::make_unique<LogSink>(STDOUT_FILENO)
                                            : std::make_unique<LogSink>(options.access_log_file);
  }

  std::unique_ptr<Handler> public_handler(unsigned) override {
    return make_public_handler(messages_, trusted_, new_stats(),
                               AccessLog(format_, sink_.get(), seed()));
  }

  std::unique_ptr<Handler> admin_handler() override {
    return make_admin_handler(status_, new_stats(), [this](bool open_metrics) {
      return render_metrics({status_, messages_, stats_, sink_ ? sink_->dropped() : 0},
                            open_metrics);
    });
  }

  void start() override {
    if (sink_) sink_->start();
    messages_.start();
  }

  void stop() noexcept override {
    messages_.stop();
    if (sink_) sink_->stop(std::chrono::seconds(1));
  }

private:
  RequestStats &new_stats() { return *stats_.emplace_back(std::make_unique<RequestStats>()); }

  static std::uint64_t seed() {
    std::random_device device;
    return std::uint64_t{device()} << 32 | device();
  }

  const Status &status_;
  LogFormat format_;
  TrustedProxies trusted_;
  Messages messages_;
  std::unique_ptr<LogSink> sink_;
  std::vector<std::unique_ptr<RequestStats>> stats_; ///< one a handler
};

} // namespace

std::unique_ptr<Application> make_application(const Options &options, const Status &status) {
  return std::make_unique<Service>(options, status);
}

} // namespace hello::server
