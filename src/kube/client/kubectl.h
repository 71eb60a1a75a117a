#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hello/kube.h"
#include "hello/process.h"
#include "kube/client/proxy.h"

namespace hello::kube {

/// An unknown flag or command may be one that an old kubectl does not have: asks for its version.
Failure blame_age(Failure failure, const std::string &program, const Trace &trace);

/// The cluster through kubectl. Only this class knows kubectl's arguments, children and output.
class Kubectl final : public Cluster {
public:
  explicit Kubectl(Access access);

  const Access &access() const override { return access_; }

  Result<Answer> dry_run(std::span<const Object> set, const ApplyOptions &options) override;
  Result<Answer> apply(std::span<const Object> set, const ApplyOptions &options) override;
  void prepare_apply(const ApplyOptions &options) override;
  Result<Done> remove(const Id &id, const Preconditions &still, sys::Deadline deadline) override;
  Result<json::Value> create(const Id &id, std::string_view json, std::string_view manager,
                             sys::Deadline deadline) override;
  Result<json::Value> replace(const Id &id, std::string_view json, sys::Deadline deadline) override;
  Result<json::Value> post(const std::string &path, std::string_view json,
                           sys::Deadline deadline) override;
  Result<Done> patch(const Id &id, const std::string &change, std::string_view manager,
                     sys::Deadline deadline) override;
  Result<std::string> who_am_i(sys::Deadline deadline) override;
  std::unique_ptr<Forward> forward(const std::string &target, const std::string &port) override;
  Result<std::vector<Occupant>> objects_in(const std::string &ns) override;

  Result<json::Value> read(const Id &id) override;
  Result<json::Value> fetch(const std::string &path) override;
  std::optional<Failure> list(const Collection &collection, const TakeValue &take) override;
  bool serves(std::string_view api_version) override;
  Result<std::string> log(const std::string &pod, const std::string &container,
                          const LogQuery &query) override;
  std::unique_ptr<Stream> follow_log(const std::string &pod, const std::string &container,
                                     const LogQuery &query) override;
  std::unique_ptr<Mirror> watch(std::vector<Source> sources) override;
  void set_limit(sys::Deadline limit) override { proxy_.set_limit(limit); }

private:
  std::vector<std::string> command(const std::vector<std::string> &args = {}) const;
  Failure failed(const sys::Finished &finished) const;
  /// A call that succeeded; again where the API server is too busy, until `deadline`.
  Result<sys::Finished> run(const std::vector<std::string> &args, std::string_view input,
                            sys::Deadline deadline);
  Result<Answer> server_side(std::span<const Object> set, const ApplyOptions &options,
                             const std::vector<std::string> &more);
  Result<Answer> apply_beside(const Object &object, const ApplyOptions &options);
  using Send = std::function<Result<std::string>(const std::string &path)>;
  /// Sends a request to an object's path; again where its plural was guessed wrong.
  Result<std::string> send(const Id &id, const Send &by);
  /// A request to an object's path.
  Result<std::string> write(const char *method, const Id &id, const std::string &query,
                            const char *type, const std::string &body, sys::Deadline deadline);
  /// Its plural as the cluster's discovery has it.
  Result<std::string> discover(const Id &id);

  /// A kubectl that was started before its input is known.
  struct Ahead {
    explicit Ahead(std::vector<std::string> argv)
        : words(std::move(argv)), child(words, sys::Child::Stdin::pipe) {}
    std::vector<std::string> words;
    sys::Child child;
  };

  Access access_;
  std::string program_;
  Proxy proxy_;
  std::unique_ptr<Ahead> ahead_;
};

} // namespace hello::kube
