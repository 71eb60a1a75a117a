#pragma once
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

#include "support/http_api.h"

namespace hello::test {

/// A kubectl that notes how it is called and answers as the test wants; its proxy leads to `api`.
/// It is the one that KUBECTL names as long as this object lives.
class FakeKubectl {
public:
  struct Call {
    std::vector<std::string> args;
    std::string input;
  };

  FakeKubectl() {
    std::signal(SIGPIPE, SIG_IGN); // as main does
    std::string path = "/tmp/hello-kubectl-XXXXXX";
    directory_ = ::mkdtemp(path.data());
    write("kubectl", R"sh(#!/bin/sh
dir=${0%/*}
for word; do
  case $word in
  --unix-socket=*)
    printf '%s\n' "$@" >"$dir/proxy"
    echo $$ >"$dir/pid"
    [ -e "$dir/no-proxy" ] && { cat "$dir/no-proxy" >&2; exit 1; }
    ln -s "$dir/api" "${word#*=}"
    echo "Starting to serve on ${word#*=}"
    exec sleep 3600 ;;
  esac
done
n=$(cat "$dir/count" 2>/dev/null || echo 0)
printf '%s\n' "$@" >"$dir/args.$n"
cat >"$dir/input.$n"
echo $((n + 1)) >"$dir/count"
[ -e "$dir/code.$n" ] || n=last
[ -e "$dir/err.$n" ] && cat "$dir/err.$n" >&2
[ -e "$dir/out.$n" ] && cat "$dir/out.$n"
[ -e "$dir/stays" ] && exec sleep 3600
exit "$(cat "$dir/code.$n" 2>/dev/null || echo 0)"
)sh");
    std::filesystem::permissions(directory_ + "/kubectl", std::filesystem::perms::owner_all);
    if (const char *before = std::getenv("KUBECTL")) before_ = before;
    ::setenv("KUBECTL", (directory_ + "/kubectl").c_str(), 1);
    start();
  }

  ~FakeKubectl() {
    stop();
    if (before_)
      ::setenv("KUBECTL", before_->c_str(), 1);
    else
      ::unsetenv("KUBECTL");
    std::filesystem::remove_all(directory_);
  }

  HttpApi &api() { return *api_; }
  /// Nothing listens where the proxy leads to.
  void stop() { api_.reset(); }
  void start() { api_ = std::make_unique<HttpApi>(directory_ + "/api"); }

  /// The answer to each call but the proxy's.
  void answers(const std::string &out, const std::string &err = "", int code = 0) {
    answer("last", out, err, code);
  }
  /// The answer to the `call`-th call (from 0).
  void answers_call(int call, const std::string &out, const std::string &err = "", int code = 0) {
    answer(std::to_string(call), out, err, code);
  }
  /// It runs on after its answer.
  void stays() { write("stays", ""); }
  void refuses_to_proxy(const std::string &err) { write("no-proxy", err); }

  std::vector<Call> calls() const {
    std::vector<Call> all;
    for (int n = 0; std::filesystem::exists(file("args." + std::to_string(n))); ++n)
      all.push_back({lines(read("args." + std::to_string(n))), read("input." + std::to_string(n))});
    return all;
  }
  std::vector<std::string> proxy_args() const { return lines(read("proxy")); }
  /// The process of the last proxy.
  pid_t proxy_pid() const { return static_cast<pid_t>(std::stol(read("pid"))); }

private:
  std::string file(const std::string &name) const { return directory_ + "/" + name; }

  void answer(const std::string &suffix, const std::string &out, const std::string &err, int code) {
    write("out." + suffix, out);
    write("err." + suffix, err);
    write("code." + suffix, std::to_string(code));
  }

  void write(const std::string &name, const std::string &text) const {
    std::ofstream(file(name)) << text;
  }

  std::string read(const std::string &name) const {
    std::ifstream in(file(name));
    return {std::istreambuf_iterator<char>(in), {}};
  }

  static std::vector<std::string> lines(const std::string &text) {
    std::vector<std::string> all;
    std::size_t from = 0;
    for (std::size_t end; (end = text.find('\n', from)) != text.npos; from = end + 1)
      all.push_back(text.substr(from, end - from));
    return all;
  }

  std::string directory_;
  std::optional<std::string> before_;
  std::unique_ptr<HttpApi> api_;
};

} // namespace hello::test
