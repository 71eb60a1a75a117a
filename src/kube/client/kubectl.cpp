#include <cstdlib>

#include <fmt/core.h>

#include "hello/kube.h"
#include "kube/client/proxy.h"

namespace hello::kube {
namespace {

std::string find_kubectl() {
  const char *named = std::getenv("KUBECTL");
  const std::string name = named && *named ? named : "kubectl";
  std::string path = sys::find_program(name);
  if (path.empty())
    throw Error(Exit::failure,
                fmt::format("there is no {}",
                            named && *named ? name + " (from KUBECTL)" : "kubectl in PATH"),
                "install it (https://kubernetes.io/docs/tasks/tools/), or name it: "
                "KUBECTL=/path/to/kubectl");
  return path;
}

class Kubectl final : public Cluster {
public:
  explicit Kubectl(Access access)
      : access_(std::move(access)), program_(find_kubectl()), proxy_(command()) {}

  const Access &access() const override { return access_; }

  sys::Finished kubectl(const std::vector<std::string> &args, std::string_view input,
                        sys::Deadline deadline) override {
    return sys::run(command(args), input, deadline);
  }

  std::unique_ptr<sys::Child> start(const std::vector<std::string> &args) override {
    return std::make_unique<sys::Child>(command(args));
  }

  Reply get(const std::string &path) override { return proxy_.get(path); }
  Reply get_metadata(const std::string &path) override {
    return proxy_.get(
        path, "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json");
  }
  std::unique_ptr<Stream> stream(const std::string &path) override { return proxy_.stream(path); }

private:
  std::vector<std::string> command(const std::vector<std::string> &args = {}) const {
    std::vector<std::string> words{program_};
    if (!access_.context.empty()) words.push_back("--context=" + access_.context);
    words.insert(words.end(), args.begin(), args.end());
    return words;
  }

  Access access_;
  std::string program_;
  Proxy proxy_;
};

} // namespace

std::string current_context() {
  sys::Finished answer = sys::run({find_kubectl(), "config", "current-context"}, "",
                                  sys::Clock::now() + std::chrono::seconds(20));
  while (!answer.out.empty() && answer.out.back() == '\n') answer.out.pop_back();
  return answer.code == 0 ? answer.out : "";
}

std::unique_ptr<Cluster> connect(Access access) {
  return std::make_unique<Kubectl>(std::move(access));
}

} // namespace hello::kube
