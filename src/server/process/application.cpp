#include "server/process/application.h"

#include <csignal>
#include <string>

#include <unistd.h>

#include "hello/error.h"
#include "hello/random.h"
#include "server/public/public_handler.h"
#include "server/site/admin_handler.h"

namespace hello::server {
namespace {

/// Whether requests are logged. json and text are old forms of on.
bool has_access_log(const std::string &word) {
  for (const std::string_view on : {"on", "json", "text"})
    if (word == on) return true;
  if (word == "off") return false;
  throw Error(Exit::usage, "--access-log: invalid value '" + word + "': use on or off");
}

TrustedHeader trusted_header(const std::string &name) {
  if (name == "x-forwarded-for") return TrustedHeader::x_forwarded_for;
  if (name == "forwarded") return TrustedHeader::forwarded;
  throw Error(Exit::usage,
              "--trusted-header: invalid value '" + name + "': use x-forwarded-for or forwarded");
}

/// "/BASE" or "/BASE/" as "/BASE/".
std::string base_path(const std::string &given, std::string_view holder) {
  std::string path = given;
  if (!path.ends_with('/')) path += '/';
  const bool good = path.starts_with('/') && path.find("//") == path.npos &&
                    path.find("/./") == path.npos && path.find("/../") == path.npos &&
                    path.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                           "0123456789-._~/") == path.npos;
  if (!good)
    throw Error(Exit::usage, std::string(holder) + ": '" + given + "' is not a path",
                "write a path like /hello, of letters, digits and -._~");
  return path;
}

std::unique_ptr<LogSink> make_sink(const Options &options) {
  if (!has_access_log(options.access_log)) return nullptr;
  if (options.access_log_file.empty()) return std::make_unique<LogSink>(STDOUT_FILENO);
  try {
    return std::make_unique<LogSink>(options.access_log_file);
  } catch (const Error &error) {
    throw Error(error.code(),
                std::string(holder(options, "--access-log-file")) + ": " + error.what(),
                error.hint());
  }
}

/// The temp directory matters only where the access log is in it.
std::shared_ptr<TempCheck> make_temp_check(const Options &options, bool has_log, Status &status) {
  if (!has_log || !options.access_log_file.starts_with(options.temp_dir + "/")) return nullptr;
  return std::make_shared<TempCheck>(options.temp_dir, status);
}

/// The name of the pod: Kubernetes sets it as the host name.
std::string host_name() {
  char name[256] = "";
  if (gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return "localhost";
  return name;
}

} // namespace

Application::Application(const Options &options, Status &status, Budget &budget)
    : status_(status), base_path_(base_path(options.base_path, holder(options, "--base-path"))),
      pod_(host_name()), release_(options.release),
      trusted_(options.trusted_proxies, trusted_header(options.trusted_header),
               holder(options, "--trusted-proxies")),
      echo_{pod_, options.node, trusted_}, has_echo_(options.echo),
      faults_(options.allow_drills ? &status.faults() : nullptr),
      messages_(options.messages, options.messages_file, pod_, budget,
                holder(options, options.messages_file.empty() ? "--messages" : "--messages-file")),
      format_(log_format(options.log_format, options.access_log_file.empty() ? STDOUT_FILENO : -1)),
      sink_(make_sink(options)), temp_check_(make_temp_check(options, sink_ != nullptr, status)),
      sources_{status_, messages_, stats_, sink_.get(), budget, faults_, release_} {}

std::unique_ptr<Handler> Application::public_handler() {
  const bool is_first = faults_ && stats_.empty();
  return make_public_handler(
      {messages_, trusted_, base_path_, has_echo_ ? &echo_ : nullptr, faults_, is_first},
      add_stats(), AccessLog(format_, sink_.get(), sys::random_bits()));
}

std::unique_ptr<Handler> Application::admin_handler() {
  return make_admin_handler(status_, add_stats(), sources_);
}

void Application::start(LoopGroup *readers) {
  if (sink_) sink_->start();
  messages_.start(readers);
  if (!temp_check_) return;
  temp_check_->start();
  temp_check_->look_now();
}

void Application::stop(std::chrono::milliseconds time) noexcept {
  const auto deadline = std::chrono::steady_clock::now() + time;
  messages_.request_stop(); // all of them at once, then wait for each
  if (temp_check_) temp_check_->request_stop();
  if (sink_) sink_->stop(time);
  messages_.stop(deadline);
  if (temp_check_) temp_check_->stop(deadline);
}

void Application::refresh(int signal) {
  if (signal == SIGHUP) messages_.reread();
  if (sink_) sink_->reopen();
}

RequestStats &Application::add_stats() {
  return *stats_.emplace_back(std::make_unique<RequestStats>());
}

} // namespace hello::server
