#include <algorithm>
#include <cstdlib>
#include <ctime>

#include <fmt/core.h>
#include <pwd.h>
#include <unistd.h>

#include "hello/history.h"
#include "hello/process.h"
#include "hello/prune.h"
#include "hello/text.h"
#include "hello/version.h"

namespace hello::release {
namespace {

constexpr int kAttempts = 20; ///< at numbers that others took meanwhile

std::string variable(std::initializer_list<const char *> names) {
  for (const char *name : names)
    if (const char *value = std::getenv(name); value && *value) return value;
  return "";
}

std::string user_at_machine() {
  std::string user = variable({"SUDO_USER", "USER", "LOGNAME"});
  if (user.empty()) {
    const passwd *entry = ::getpwuid(::getuid());
    user = entry ? entry->pw_name : std::to_string(::getuid());
  }
  char machine[256] = "";
  ::gethostname(machine, sizeof machine - 1);
  return user + "@" + machine;
}

std::string source_revision() {
  const std::string told = variable({"GIT_COMMIT", "CI_COMMIT_SHA", "GITHUB_SHA"});
  if (!told.empty()) return told.substr(0, 64);
  const std::string git = sys::find_program("git");
  if (git.empty()) return "";
  const auto said =
      sys::run({git, "describe", "--always", "--exclude=*", "--abbrev=12", "--dirty=+"}, "",
               sys::Clock::now() + std::chrono::seconds(2));
  return said.code == 0 ? said.out.substr(0, said.out.find('\n')) : "";
}

std::string image_of(const Set &set) {
  for (const kube::Object &object : set)
    if (object.id.kind == "Deployment")
      for (const json::Value &container :
           object.value.at("spec", "template", "spec", "containers").items())
        return container.text("image");
  return "";
}

sys::Deadline soon(const kube::Cluster &cluster) {
  return cluster.now() + std::chrono::seconds(20);
}

} // namespace

std::string where_from() {
  const std::string page = variable({"BUILD_URL", "CI_JOB_URL"});
  return page.empty() ? user_at_machine() : page;
}

Recorder::Recorder(kube::Cluster &cluster, std::string note, Warn warn)
    : cluster_(cluster), warn_(std::move(warn)) {
  release_.note = std::move(note);
}

bool Recorder::begin(const Set &set, const std::vector<kube::Id> &carried) {
  release_.release = cluster_.access().release;
  release_.who = user_at_machine();
  release_.from = where_from();
  release_.source = source_revision();
  release_.image = image_of(set);
  release_.version = build_info().version;
  release_.digest = digest_of(set);
  release_.objects.clear();
  release_.kept_secrets.clear();
  release_.carried = carried;
  for (const kube::Object &object : set) {
    if (!is_shared(object.id, cluster_.access())) release_.objects.push_back(object.id);
    if (object.id.kind == "Secret" && carries_keep(object.value))
      release_.kept_secrets.push_back(object.id);
  }

  int taken = 0; // an entry that is damaged is not listed, but its number is taken
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    auto history = read_history(cluster_);
    if (!history) return not_recorded(history.failure(), "read the history");
    if (!history->empty()) taken = std::max(taken, history->front().revision);
    release_.revision = ++taken;
    release_.name = names::entry(release_.release, release_.revision);
    const auto made = write_entry(set);
    if (!made) return false;
    if (*made) {
      earlier_ = std::move(*history);
      return true;
    }
    release_.revision = 0;
    if (!made->failed_with(kube::Trouble::already_exists))
      return not_recorded(made->failure(), "write the history");
  }
  warn_("this release is not in the history: others write to it all the time");
  return false;
}

std::optional<kube::Result<json::Value>> Recorder::write_entry(const Set &set) {
  const std::string entry = entry_of(release_, set, cluster_.access().ns);
  if (entry.size() <= kLargestEntry)
    return cluster_.create(id_of_entry(release_.name), entry, names::manager(release_.release),
                           soon(cluster_));
  release_.revision = 0;
  warn_(fmt::format("this release is not in the history: its set takes {} bytes of the {} that fit",
                    entry.size(), kLargestEntry));
  return std::nullopt;
}

void Recorder::settle() {
  std::vector<Release> all = std::exchange(earlier_, {});
  if (all.empty()) return;
  all.insert(all.begin(), release_);
  for (const Release &old : surplus(all)) {
    try {
      remove_entry(cluster_, old, soon(cluster_));
    } catch (const Error &error) {
      if (error.is_interruption()) throw;
      warn_("the history grows: " + error.words());
    }
  }
}

bool Recorder::not_recorded(const kube::Failure &failure, const char *doing) {
  warn_("this release is not in the history: " +
        kube::explain(failure, doing, cluster_.access()).words());
  return false;
}

kube::Id Recorder::id_of_entry(const std::string &name) const {
  return {"apps/v1", "ControllerRevision", cluster_.access().ns, name};
}

void Recorder::resume(const std::vector<Release> &history, const Set &set) {
  const Release *live = live_release(history);
  if (live && live->state != State::ready && live->digest == digest_of(set)) release_ = *live;
}

void Recorder::note_soak(std::chrono::seconds time) {
  if (release_.revision == 0) return;
  json::Value change;
  change["metadata"]["annotations"]["hello/soaks-until"] =
      json::string(text::utc(std::time(nullptr) + time.count()));
  cluster_.patch(id_of_entry(release_.name), json::to_text(change),
                 names::manager(release_.release), soon(cluster_));
}

void Recorder::finish(State state) {
  if (release_.revision == 0) return;
  release_.state = state;
  if (auto who = cluster_.who_am_i(soon(cluster_)); who && !who->empty())
    release_.who = std::move(*who);
  std::string change;
  json::Writer out(change);
  out.begin_object().key("metadata").begin_object();
  out.key("labels").begin_object().key("hello/state").string(name_of(state)).end_object();
  out.key("annotations").begin_object().key("hello/who").string(release_.who).end_object();
  out.end_object().end_object();
  const auto done = cluster_.patch(id_of_entry(release_.name), change,
                                   names::manager(release_.release), soon(cluster_));
  if (done) return;
  earlier_.clear();
  warn_(fmt::format("the history does not know that release {} is {}: {}", release_.revision,
                    name_of(release_.state),
                    kube::explain(done.failure(), "write the history", cluster_.access()).words()));
}

} // namespace hello::release
