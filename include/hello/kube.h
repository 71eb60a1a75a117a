#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "hello/error.h"
#include "hello/failure.h"
#include "hello/http_client.h"
#include "hello/json.h"
#include "hello/mirror.h"
#include "hello/names.h"
#include "hello/signals.h"

/// One cluster as one user, as operations with typed results. The real one goes through kubectl,
/// the only client: it is run to apply a set, to forward a port and to list a whole namespace; all
/// else goes through one `kubectl proxy`.
namespace hello::kube {

/// Gets a line about each call of kubectl: its arguments, without secrets, and its time.
using Trace = std::function<void(std::string_view line)>;

/// Which cluster and namespace, and which release there.
struct Access {
  std::string context; ///< kubectl's; empty: its current one
  std::string ns;
  std::string release = std::string(names::kDefault); ///< its name
  Trace trace{};                                      ///< any thread; null: no trace
};

/// An object's identity.
struct Id {
  std::string api_version, kind, ns, name;      ///< ns is empty for cluster-wide kinds
  auto operator<=>(const Id &) const = default; // NOLINT(modernize-use-nullptr): clang-tidy 14 errs
  std::string text() const { return kind + "/" + name; }
};

/// A T, or why there is none.
template <class T> class Result {
public:
  Result(T value) : outcome_(std::in_place_index<0>, std::move(value)) {}
  Result(Failure failure) : outcome_(std::in_place_index<1>, std::move(failure)) {}

  explicit operator bool() const { return outcome_.index() == 0; }
  T &operator*() { return *std::get_if<0>(&outcome_); }
  T *operator->() { return std::get_if<0>(&outcome_); }
  const T &operator*() const { return *std::get_if<0>(&outcome_); }
  const T *operator->() const { return std::get_if<0>(&outcome_); }
  const Failure &failure() const { return *std::get_if<1>(&outcome_); }
  bool failed_with(Trouble trouble) const { return !*this && failure().trouble == trouble; }
  /// The value. Throws explain() if there is none.
  T take(const std::string &doing, const Access &access) && {
    if (!*this) throw explain(failure(), doing, access);
    return std::move(**this);
  }

private:
  std::variant<T, Failure> outcome_;
};

using Done = std::monostate;

struct Object {
  Id id;
  json::Value value;
};

/// The identity that an object carries.
Id id_of(const json::Value &object);

/// An object as it is in the cluster.
struct Live {
  enum class State {
    absent,     ///< there is none, or no such kind
    unreadable, ///< this account may not read it
    present,
  } state = State::absent;
  json::Value value{}; ///< of a present one

  bool present() const { return state == State::present; }
  bool being_removed() const { return value.at("metadata").find("deletionTimestamp"); }
};

/// How a set is applied.
struct ApplyOptions {
  std::string manager; ///< field manager
  bool force = false;  ///< take fields that other managers hold
  /// The set is one object, which client-side kubectl apply made as well. That keeps its fields;
  /// kubectl would hand them to `manager`, and drop those that are not in the set.
  bool beside_kubectl = false;
  std::span<const std::string> extra{}; ///< the user's own arguments for kubectl, last
  sys::Deadline deadline{};
};

/// What an apply left, or would leave.
struct Answer {
  std::vector<Object> objects; ///< with managedFields
  std::vector<std::string> warnings;
};

/// How an object is removed, and what it must still be; empty: not asked for.
struct Preconditions {
  std::string uid, resource_version;
  bool orphan = false; ///< what it owns stays; else that goes in the background
};

/// An object in a namespace, as far as it tells who made it.
struct Occupant {
  std::string group, kind, name, uid;
  std::vector<std::string> owners{}; ///< uids of the objects that it was made for
  bool owned_outside = false;        ///< one of them is of no kind that namespaces have
};

/// Which part of a container's log.
struct LogQuery {
  std::int64_t tail_lines = -1;    ///< -1: all
  std::int64_t since_seconds = -1; ///< -1: all
  std::int64_t limit_bytes = -1;   ///< -1: all
  std::string since_time{};        ///< RFC 3339; empty: all
  bool previous = false;           ///< of the container before the last restart
  bool timestamps = false;         ///< each line begins with the kubelet's time
  std::string ns{};                ///< of the pod; empty: Access::ns
};

/// A tunnel to a pod, from a port of this machine; it ends with this object. Main thread.
class Forward {
public:
  virtual ~Forward() = default;
  /// "127.0.0.1:40123"; waits until it listens.
  virtual Result<std::string> address(sys::Deadline deadline) = 0;
  /// False once it has ended, with the pod for example. One that is kept open needs this call every
  /// few minutes: kubectl prints a line for each connection, and stops where nothing reads them.
  virtual bool is_open() = 0;
};

/// A log that is followed.
class Stream {
public:
  virtual ~Stream() = default;
  /// Gives the bytes as they come to `take`, on the calling thread, until the other end closes,
  /// `take` returns false, or stop().
  virtual std::optional<Failure> run(const sys::TakeBytes &take) = 0;
  /// Ends run() soon. Any thread.
  virtual void stop() = 0;
};

using TakeValue = std::function<void(json::Value &&object)>;

/// Unit tests put a fake in its place. Operations do not throw for what the cluster or kubectl
/// says, but for check_interrupted()'s Error, and Error(Exit::cluster) if its proxy cannot start.
class Cluster {
public:
  virtual ~Cluster() = default;
  virtual const Access &access() const = 0;

  // Time, so that tests need not wait
  virtual sys::Deadline now() const { return sys::Clock::now(); }
  /// Throws check_interrupted()'s Error as soon as a signal comes.
  virtual void sleep(std::chrono::milliseconds time) { sys::pause(time); }

  // Writes: main thread

  /// Runs before each write but replace() and a dry run, and may throw; empty: nothing.
  std::function<void()> before_write{};

  /// Server-side apply without a change.
  virtual Result<Answer> dry_run(std::span<const Object> set, const ApplyOptions &options) = 0;
  /// Server-side apply, in order; where one object is refused, the others are applied.
  virtual Result<Answer> apply(std::span<const Object> set, const ApplyOptions &options) = 0;
  /// Starts what an apply() with these options will need, so that it takes less time. Main thread.
  virtual void prepare_apply(const ApplyOptions &) {}
  /// Removes an object. Trouble::stale: it is another by now.
  virtual Result<Done> remove(const Id &id, const Preconditions &still, sys::Deadline deadline) = 0;
  /// `json` is sent as it is. Gives what was stored.
  virtual Result<json::Value> create(const Id &id, std::string_view json, std::string_view manager,
                                     sys::Deadline deadline) = 0;
  /// Puts `json` in an object's place, as it is now: its resourceVersion is a precondition
  /// (Trouble::stale). Gives what was stored. Any thread.
  virtual Result<json::Value> replace(const Id &id, std::string_view json,
                                      sys::Deadline deadline) = 0;
  /// POST of what is not stored: a review, an eviction. Gives the server's answer.
  virtual Result<json::Value> post(const std::string &path, std::string_view json,
                                   sys::Deadline deadline) = 0;
  /// A JSON merge patch (RFC 7396).
  virtual Result<Done> patch(const Id &id, const std::string &change, std::string_view manager,
                             sys::Deadline deadline) = 0;
  /// This account's name; may be empty.
  virtual Result<std::string> who_am_i(sys::Deadline deadline) = 0;
  /// `target` is "pod/NAME" or "service/NAME"; `port` a number or a name.
  virtual std::unique_ptr<Forward> forward(const std::string &target, const std::string &port) = 0;
  /// GET of a service's URL from this machine. Throws Error(Exit::usage) if it is malformed.
  virtual sys::HttpReply ask(const std::string &url, std::chrono::milliseconds timeout) {
    return sys::http_get(url, timeout);
  }
  /// All in a namespace but Events, endpoints and metrics. Fails unless all are listed. Any thread.
  virtual Result<std::vector<Occupant>> objects_in(const std::string &ns) = 0;

  // Reads: any thread

  /// Trouble::not_found: there is none, or no such kind.
  virtual Result<json::Value> read(const Id &id) = 0;
  /// GET of a path of the API server, such as "/version".
  virtual Result<json::Value> fetch(const std::string &path) = 0;
  /// Gives the objects to `take` one by one.
  virtual std::optional<Failure> list(const Collection &collection, const TakeValue &take) = 0;
  /// Whether the API group serves this version ("metrics.k8s.io/v1beta1").
  virtual bool serves(std::string_view api_version) = 0;
  virtual Result<std::string> log(const std::string &pod, const std::string &container,
                                  const LogQuery &query) = 0;
  virtual std::unique_ptr<Stream> follow_log(const std::string &pod, const std::string &container,
                                             const LogQuery &query) = 0;
  /// Starts to watch. `sources` name tables that must outlive the mirror.
  virtual std::unique_ptr<Mirror> watch(std::vector<Source> sources) = 0;

  /// From now on no call but a forward goes on longer than this, whatever its own deadline; and
  /// where the API server is too busy (429), each is repeated until then. Main thread.
  virtual void set_limit(sys::Deadline) {}
};

/// Finds kubectl (the variable KUBECTL, else PATH) and starts its proxy; does not wait for it.
/// Throws Error(Exit::failure) if there is no kubectl.
std::unique_ptr<Cluster> connect(Access access);

/// kubectl's current context; empty where it has none (in a pod, say). Throws as connect().
std::string current_context(const Trace &trace = {});

/// "networkpolicies" of "NetworkPolicy"; guessed as Kubernetes does for its own kinds.
std::string plural(std::string_view kind);

/// The object as it is. A Namespace that may not be read is unreadable; any other failure throws
/// Error(Exit::cluster).
Live look_up(Cluster &cluster, const Id &id);

} // namespace hello::kube
