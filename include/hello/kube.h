#pragma once
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "hello/error.h"
#include "hello/process.h"
#include "hello/signals.h"

/// The cluster through kubectl, the only client: writes run it once each, reads and watches go
/// through one `kubectl proxy` on a Unix socket in a private directory.
namespace hello::kube {

/// Which cluster and namespace.
struct Access {
  std::string context; ///< kubectl's; empty: its current one
  std::string ns;
};

/// Answer of the API server to a read.
struct Reply {
  int status = 0; ///< HTTP status; 0: no answer came, and `body` says why
  std::string body;
  bool ok() const { return status == 200; }
};

/// A read that goes on: a watch, or a log that is followed.
class Stream {
public:
  virtual ~Stream() = default;
  /// Gives the bytes as they come to `take`, on the calling thread, until the other end closes,
  /// `take` returns false, or stop(). The reply's body is empty unless it is an error.
  virtual Reply run(const std::function<bool(std::string_view)> &take) = 0;
  /// Ends run() soon. Any thread.
  virtual void stop() = 0;
};

/// One cluster as one user. Tests put a fake in its place.
class Cluster {
public:
  virtual ~Cluster() = default;
  virtual const Access &access() const = 0;
  /// Runs kubectl with the context's flag before `args` (no namespace: objects name their own).
  /// Main thread only. Throws Error(Exit::failure) if there is no kubectl.
  virtual sys::Finished kubectl(const std::vector<std::string> &args, std::string_view input,
                                sys::Deadline deadline) = 0;
  /// Starts a kubectl that goes on (port-forward); it ends with the Child. Main thread only.
  virtual std::unique_ptr<sys::Child> start(const std::vector<std::string> &args) = 0;
  /// GET of an API path ("/api/v1/…"). Any thread. Starts out waiting for the proxy to listen.
  /// Throws Error(Exit::cluster) if the proxy could not start.
  virtual Reply get(const std::string &path) = 0;
  /// A stream of an API path. Any thread.
  virtual std::unique_ptr<Stream> stream(const std::string &path) = 0;
  /// GET of a collection, each object as its metadata alone. Any thread.
  virtual Reply get_metadata(const std::string &path) { return get(path); }
};

/// Finds kubectl (the variable KUBECTL, else PATH) and starts its proxy; does not wait for it.
/// Throws Error(Exit::failure) if there is no kubectl.
std::unique_ptr<Cluster> connect(Access access);

/// kubectl's current context; empty where it has none (in a pod, say). Throws as connect().
std::string current_context();

/// What went wrong with a kubectl that did not end with 0, as an Error that keeps its words:
/// unknown context, unreachable, forbidden (with the rule that would allow it), refused. `doing` is
/// "apply the manifests".
Error explain(const sys::Finished &finished, const std::string &doing, const Access &access);
/// The same for a read that was refused.
Error explain(const Reply &reply, const std::string &doing, const Access &access);
/// True if it failed for want of an API server, so that the same again may succeed.
bool unreachable(const sys::Finished &finished);

/// Percent-encodes a value of a query.
std::string query_value(std::string_view text);

/// An object's identity.
struct Id {
  std::string api_version, kind, ns, name;      ///< ns is empty for cluster-wide kinds
  auto operator<=>(const Id &) const = default; // NOLINT(modernize-use-nullptr): clang-tidy 14 errs
  std::string text() const { return kind + "/" + name; }
};
Id id_of(const YAML::Node &object);

/// "/apis/apps/v1/namespaces/hello/deployments"; the plural is guessed as Kubernetes does for its
/// own kinds.
std::string collection_path(std::string_view api_version, std::string_view kind,
                            std::string_view ns);
inline std::string object_path(const Id &id) {
  return collection_path(id.api_version, id.kind, id.ns) + "/" + id.name;
}

/// The live object, or a null node where there is none (nor its kind). Asks discovery if the
/// guessed plural is wrong. Throws Error(Exit::cluster) if the cluster refuses; a Namespace that
/// may not be read is a null node too, and `denied` says so.
YAML::Node read(Cluster &cluster, const Id &id, bool *denied = nullptr);

/// An object of the API server as JSON, with limits that fit it. Throws Error(Exit::cluster) if it
/// is none.
YAML::Node parse(std::string_view json, std::string_view name);

/// Copies of the objects of a few collections, kept up to date by watches: one thread each, lists
/// again after 410 Gone, an outage, or a closed stream. Construct, wait and read on one thread.
class Mirror {
public:
  struct Source {
    std::string path;  ///< collection_path()
    std::string query; ///< "labelSelector=…", encoded; may be empty
  };
  Mirror(Cluster &cluster, std::vector<Source> sources);
  ~Mirror();
  Mirror(const Mirror &) = delete;
  Mirror &operator=(const Mirror &) = delete;

  /// Waits until something changed, and takes in all there is; false at the deadline. Throws
  /// check_interrupted()'s Error.
  bool wait(sys::Deadline deadline);
  /// Every source was listed (or refused) once.
  bool complete() const;
  /// The last attempt to read a source got no answer.
  bool offline() const;
  /// HTTP status that refused a source (403, 404), else 0. A refused source stays empty.
  int refused(std::size_t source) const;
  /// The server's words about a refusal.
  const std::string &words(std::size_t source) const;
  /// By uid.
  const std::map<std::string, YAML::Node> &objects(std::size_t source) const;
  /// Counts up whenever objects(source) changed.
  unsigned long version(std::size_t source) const;

private:
  struct Inner;
  std::unique_ptr<Inner> inner_;
};

} // namespace hello::kube
