#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hello/kube.h"

/// What was released, kept in the namespace. One entry is one apps/v1 ControllerRevision
/// `NAME-release-N`: the server never lets its data change, and reading it takes no right on
/// Secrets. The data is the whole rendered set but for Secrets; who, when and from what stands in
/// annotations, so that a list without the sets is enough for all but going back. The loss of any
/// entry harms nothing: the next deploy needs none.
namespace hello::release {

using Set = std::vector<kube::Object>; ///< in apply order

/// The annotation that says which release an object belongs to (hello/owner.h). Every apply adds
/// it; digests ignore it.
inline constexpr std::string_view kMark = "hello/release";

/// How a release ended, as it is stored; people see Release::status. `superseded`: another deploy
/// came first, so it was never ready. `pending`: it was begun, and its end is not recorded (a
/// deploy runs, or was killed).
enum class State { pending, ready, failed, rolled_back, superseded };
std::string_view name_of(State state); ///< "rolled-back"

struct Release {
  std::string release = std::string(names::kDefault); ///< whose revision it is
  int revision = 0;
  State state = State::pending;
  std::string when;    ///< RFC 3339, the API server's clock
  std::string who;     ///< the user, as the cluster names it; user@machine until that is known
  std::string from;    ///< user@machine, or the CI's page of the build (BUILD_URL, CI_JOB_URL)
  std::string image;   ///< of the Deployment
  std::string source;  ///< source revision (GIT_COMMIT, CI_COMMIT_SHA, GITHUB_SHA, or the working
                       ///< directory's git, with
                       ///< "+" where it had changes); may be empty
  std::string note;    ///< "rollback to 3"; may be empty
  std::string version; ///< of the hello that wrote it; empty: 0.1.0
  std::string digest;  ///< SHA-256 of the set without Secrets: equal sets, equal digests
  std::vector<kube::Id> objects;
  std::vector<kube::Id> kept_secrets; ///< of the set, which marks them to stay
  std::vector<kube::Id> carried;      ///< of earlier revisions, still there and the release's own
  std::string soaks_until;            ///< RFC 3339, of a pending one; may be empty
  std::string name;                   ///< of the entry's object
  /// deployed, superseded, failed, interrupted or pending; empty before set_status().
  std::string status{};
};

inline constexpr std::size_t kKept = 10; ///< ready revisions, and as many others
/// An entry past it is not written: etcd takes requests up to 1.5 MiB.
inline constexpr std::size_t kLargestEntry = 1'400'000;

/// From an entry's object, with or without its data; none if it is not one of ours or is damaged.
std::optional<Release> release_of(const json::Value &object);
/// The entry's object as JSON. The objects of `release` are taken from `set`.
std::string entry_of(const Release &release, const Set &set, const std::string &ns);
std::string digest_of(const Set &set);
/// Entries that may go: all but the newest kKept that were ready and the newest kKept others. `all`
/// is newest first.
std::vector<Release> surplus(const std::vector<Release> &all);
/// Says of each release what became of it, from all that is stored: the newest ready one is
/// deployed, older ones are superseded; one that began and did not end is interrupted, unless it is
/// the newest and a deploy is `at_work`. Writes nothing. `all` is newest first.
void set_status(std::vector<Release> &all, bool at_work);
/// The entry of this number. Throws Error(Exit::usage) if there is none, naming those that there
/// are.
const Release &find_revision(const std::vector<Release> &all, int revision);
/// The release that is live, as far as the history knows: the newest that was not rolled back.
/// Null: none.
const Release *live_release(const std::vector<Release> &all);
/// Where `hello rollback` goes: `asked`, or the newest ready one before the live one that has
/// another set. Throws Error(Exit::usage) if there is no such entry, or it was never ready.
const Release &rollback_target(const std::vector<Release> &all, std::optional<int> asked);

/// The entries of the cluster's release, newest first, without their sets.
kube::Result<std::vector<Release>> read_history(kube::Cluster &cluster);
/// The live sets of the other releases in the namespace; none if not all are known. Throws
/// Error(Exit::cluster) if the cluster gives no answer.
std::optional<std::vector<Set>> sets_of_others(kube::Cluster &cluster);
/// The whole set of an entry; none if it is gone or damaged.
std::optional<Set> find_set(kube::Cluster &cluster, const Release &release);
/// The same. Throws Error(Exit::cluster) if there is none.
Set read_set(kube::Cluster &cluster, const Release &release);

/// Where this hello runs: the CI's page of the build (BUILD_URL, CI_JOB_URL), else user@machine.
std::string where_from();

/// Writes one release down: begin() before the set is applied, finish() once it is known how it
/// ended, settle() when there is nothing else left to do. None ever fails: `warn` gets what went
/// wrong.
class Recorder {
public:
  using Warn = std::function<void(const std::string &text)>;
  /// `note`: "rollback to 3", or empty. Main thread, as all of it.
  Recorder(kube::Cluster &cluster, std::string note, Warn warn);
  /// Two at once get two numbers: the server refuses a name that is taken. `carried`: see Release.
  /// Returns false, after a warning, if the entry could not be written.
  bool begin(const Set &set, const std::vector<kube::Id> &carried = {});
  /// Instead of begin(), where there was nothing to apply: takes up the newest entry if it has the
  /// same set and did not end as ready (its deploy was killed, or it came right later). Otherwise
  /// finish() does nothing.
  void resume(const std::vector<Release> &history, const Set &set);
  /// Writes down that it stays pending for so long, without the lock.
  void note_soak(std::chrono::seconds time);
  void finish(State state); ///< writes it, with the name that the cluster has for this user
  void settle();            ///< after a finish() that was written, old entries go
  int revision() const { return release_.revision; } ///< 0: not begun

private:
  /// Writes the entry; nothing, after a warning, where it is too large.
  std::optional<kube::Result<json::Value>> write_entry(const Set &set);
  bool not_recorded(const kube::Failure &failure, const char *doing);
  kube::Id id_of_entry(const std::string &name) const;

  kube::Cluster &cluster_;
  Warn warn_;
  Release release_;
  std::vector<Release> earlier_; ///< newest first, as begin() found them
};

} // namespace hello::release
