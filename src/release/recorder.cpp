#include <algorithm>
#include <cstdlib>

#include <fmt/core.h>
#include <pwd.h>
#include <unistd.h>

#include "hello/history.h"
#include "hello/yaml.h"

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
  for (const manifest::Object &object : set)
    if (object.kind == "Deployment")
      for (const YAML::Node &container :
           yaml::items(yaml::at(object.node, "spec", "template", "spec", "containers")))
        return yaml::text(container, "image");
  return "";
}

sys::Deadline soon() { return sys::Clock::now() + std::chrono::seconds(20); }

} // namespace

Recorder::Recorder(kube::Cluster &cluster, std::string note, Warn warn)
    : cluster_(cluster), warn_(std::move(warn)) {
  release_.note = std::move(note);
}

Recorder::~Recorder() = default;

void Recorder::begin(const Set &set) {
  whoami_ = cluster_.start({"auth", "whoami", "-o=jsonpath={.status.userInfo.username}"});
  const std::string here = user_at_machine(), page = variable({"BUILD_URL", "CI_JOB_URL"});
  release_.who = here;
  release_.from = page.empty() ? here : page;
  release_.source = source_revision();
  release_.image = image_of(set);
  release_.digest = digest_of(set);
  release_.objects.clear();
  for (const manifest::Object &object : set) release_.objects.push_back(id_of(object));

  const std::string &ns = cluster_.access().ns;
  const std::string path = kube::collection_path("apps/v1", "ControllerRevision", ns);
  for (int attempt = 0, taken = 0; attempt < kAttempts; ++attempt) {
    History history = read_history(cluster_);
    if (history.refusal.status != 200)
      return warn_("this release is not in the history: " +
                   kube::explain(history.refusal, "read the history", cluster_.access()).words());
    if (!history.releases.empty()) taken = std::max(taken, history.releases.front().revision);
    release_.revision =
        ++taken; // an entry that somebody has broken is not listed, but its number is taken
    release_.name = name_of_entry(release_.revision);
    const std::string entry = entry_of(release_, set, ns);
    if (entry.size() > kLargestEntry) {
      release_.revision = 0;
      return warn_(fmt::format(
          "this release is not in the history: its set takes {} bytes of the {} that fit",
          entry.size(), kLargestEntry));
    }
    const auto made =
        cluster_.kubectl({"create", "--raw", path + "?fieldManager=hello", "-f=-"}, entry, soon());
    if (made.code == 0) {
      history.releases.insert(history.releases.begin(), release_);
      for (const Release &old : surplus(history.releases))
        if (const auto gone =
                cluster_.kubectl({"delete", "--raw", path + "/" + old.name}, "", soon());
            gone.code != 0 && gone.err.find("(NotFound)") == std::string::npos)
          warn_("the history grows: " +
                kube::explain(gone, "remove an old release", cluster_.access()).words());
      return;
    }
    release_.revision = 0;
    if (made.err.find("AlreadyExists") == std::string::npos)
      return warn_("this release is not in the history: " +
                   kube::explain(made, "write the history", cluster_.access()).words());
  }
  warn_("this release is not in the history: others write to it all the time");
}

void Recorder::resume(const std::vector<Release> &history, const Set &set) {
  const Release *live = live_release(history);
  if (live && live->state != State::ready && live->digest == digest_of(set)) release_ = *live;
}

void Recorder::finish(State state) {
  if (release_.revision == 0) return;
  release_.state = state;
  if (whoami_)
    if (const auto said = sys::finish(*whoami_, "", soon()); said.code == 0 && !said.out.empty())
      release_.who = said.out;
  const std::string change = fmt::format(
      R"({{"metadata":{{"labels":{{"hello/state":"{}"}},"annotations":{{"hello/who":{}}}}}}})",
      name_of(state), yaml::to_json(yaml::string(release_.who)));
  finishing_ = cluster_.start({"patch", "controllerrevisions.apps", release_.name,
                               "--namespace=" + cluster_.access().ns, "--type=merge",
                               "--patch=" + change, "--field-manager=hello"});
}

void Recorder::settle() {
  if (!finishing_) return;
  const auto done = sys::finish(*finishing_, "", soon());
  finishing_.reset();
  if (done.code != 0)
    warn_(fmt::format("the history does not know that release {} is {}: {}", release_.revision,
                      name_of(release_.state),
                      kube::explain(done, "write the history", cluster_.access()).words()));
}

} // namespace hello::release
