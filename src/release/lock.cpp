#include "hello/lock.h"

#include <cstdio>
#include <ctime>

#include <fmt/core.h>
#include <unistd.h>

#include "hello/last_word.h"
#include "hello/random.h"
#include "hello/text.h"

namespace hello::release {
namespace {

/// RFC 3339 with microseconds, as a Lease has it. For people: no decision compares clocks.
std::string now_utc() {
  std::string text = text::utc(std::time(nullptr));
  text.pop_back();
  return text + ".000000Z";
}

std::string holder_of(const json::Value &lease) { return lease.text("spec", "holderIdentity"); }

Error held_error(const json::Value &lease, const std::string &release) {
  const json::Value &notes = lease.at("metadata", "annotations");
  const std::string who = notes.text("hello/from");
  return Error(Exit::cluster,
               fmt::format("another hello is at work on release {}: {}, since {}", release,
                           who.empty() ? holder_of(lease) : who, lease.text("spec", "acquireTime")),
               "wait until it ends; if it was killed, the next run takes over after a few seconds");
}

kube::Id id_of_lease(const kube::Access &access) {
  return {"coordination.k8s.io/v1", "Lease", access.ns, names::lease(access.release)};
}

} // namespace

void check_namespace(kube::Cluster &cluster) {
  const std::string &name = cluster.access().ns;
  const auto ns = cluster.read({"v1", "Namespace", "", name});
  if (ns.failed_with(kube::Trouble::not_found) ||
      (ns && ns->at("metadata").find("deletionTimestamp")))
    throw Error(Exit::rollout, fmt::format("namespace {} was removed during the run", name));
}

bool Pulse::beats(kube::Cluster &cluster, const kube::Access &release) {
  const auto [place, is_new] = seen_.try_emplace(release.ns + "/" + names::lease(release.release));
  Seen &seen = place->second;
  for (;;) {
    const auto lease = cluster.read(id_of_lease(release));
    if (!lease) return !lease.failure().absent();
    std::string version = lease->text("metadata", "resourceVersion");
    if (version != seen.version) {
      const bool renewed = !seen.version.empty();
      seen = {std::move(version), cluster.now()};
      if (renewed) return true;
    }
    const bool silent = cluster.now() - seen.since >= Lock::kWatch;
    if (silent || !is_new) return !silent;
    cluster.sleep(std::chrono::milliseconds(500));
  }
}

void Pulse::set_status(kube::Cluster &cluster, const kube::Access &release,
                       std::vector<Release> &all) {
  const bool open = !all.empty() && all.front().state == State::pending;
  const bool soaks = open && all.front().soaks_until > text::utc(std::time(nullptr));
  release::set_status(all, soaks || (open && beats(cluster, release)));
}

Lock::Lock(kube::Cluster &cluster, Say warn, Say note, std::chrono::milliseconds renewal)
    : cluster_(cluster), warn_(std::move(warn)), note_(std::move(note)), renewal_(renewal),
      id_(id_of_lease(cluster.access())),
      holder_(fmt::format("hello-{}-{:08x}", ::getpid(), sys::random_bits() >> 32)) {}

Lock::~Lock() { release(); }

json::Value Lock::body(const json::Value &last) const {
  json::Value lease;
  lease["apiVersion"] = json::string(id_.api_version);
  lease["kind"] = json::string(id_.kind);
  json::Value &meta = lease["metadata"];
  meta["name"] = json::string(id_.name);
  meta["namespace"] = json::string(id_.ns);
  if (const std::string version = last.text("metadata", "resourceVersion"); !version.empty())
    meta["resourceVersion"] = json::string(version); // the precondition
  // Without it, the API server makes a Lease anew that is gone.
  if (const std::string uid = last.text("metadata", "uid"); !uid.empty())
    meta["uid"] = json::string(uid);
  meta["labels"][names::kManagedBy] = json::string("hello");
  meta["labels"]["app.kubernetes.io/component"] = json::string("lock");
  meta["annotations"]["hello/from"] = json::string(text::valid_utf8(where_from()));
  json::Value &spec = lease["spec"];
  spec["holderIdentity"] = json::string(holder_);
  spec["leaseDurationSeconds"] = json::integer(kWatch.count());
  spec["acquireTime"] = json::string(since_);
  spec["renewTime"] = json::string(now_utc());
  return lease;
}

kube::Result<kube::Done> Lock::write(const json::Value &last) {
  const sys::Deadline sure_until = cluster_.now() + kWatch;
  auto written = cluster_.replace(id_, json::to_text(body(last)),
                                  sys::Clock::now() + std::chrono::seconds(20));
  if (written.failed_with(kube::Trouble::stale)) // perhaps by one of ours whose answer was lost
    if (const auto now = cluster_.read(id_); now && holder_of(*now) == holder_) return write(*now);
  if (!written) return written.failure();
  last_ = std::move(*written);
  sure_until_ = sure_until;
  return kube::Done();
}

kube::Result<kube::Done> Lock::create() {
  const sys::Deadline sure_until = cluster_.now() + kWatch;
  auto made =
      cluster_.create(id_, json::to_text(body({})), names::manager(cluster_.access().release),
                      cluster_.now() + std::chrono::seconds(20));
  if (!made) return made.failure();
  last_ = std::move(*made);
  sure_until_ = sure_until;
  held_ = true;
  return kube::Done();
}

kube::Result<kube::Done> Lock::watch() {
  const auto first = cluster_.read(id_);
  if (!first && first.failure().absent()) return kube::Done(); // it has ended
  if (!first) return first.failure();
  const json::Value &held = *first;
  const std::string version = held.text("metadata", "resourceVersion"),
                    from = held.text("metadata", "annotations", "hello/from");
  note_(fmt::format("release {} is locked by {}; checking for {} s whether it is still working",
                    cluster_.access().release, from.empty() ? holder_of(held) : from,
                    kWatch.count()));
  for (const auto end = cluster_.now() + kWatch; cluster_.now() < end;) {
    cluster_.sleep(std::chrono::milliseconds(500));
    auto lease = cluster_.read(id_);
    if (!lease && lease.failure().absent()) return kube::Done();
    if (lease && lease->text("metadata", "resourceVersion") != version)
      throw held_error(*lease, cluster_.access().release);
  }
  auto taken = write(held);
  if (taken.failed_with(kube::Trouble::stale)) throw held_error(held, cluster_.access().release);
  held_ = static_cast<bool>(taken);
  if (!taken && taken.failure().absent()) return kube::Done();
  return taken;
}

bool Lock::is_forbidden(const kube::Failure &failure, const char *doing) {
  if (failure.trouble != kube::Trouble::forbidden && failure.trouble != kube::Trouble::unknown_kind)
    return false;
  warn_("nothing keeps two deploys of this release apart: " +
        kube::explain(failure, doing + id_.text(), cluster_.access()).words());
  return true;
}

Lock::Taken Lock::take() {
  if (held_) return Taken::at_once;
  since_ = now_utc();
  Taken how = Taken::at_once;
  const auto patience =
      cluster_.now() + std::chrono::seconds(20); // with an API server that is away
  while (!held_) {
    auto done = create();
    if (done.failed_with(kube::Trouble::already_exists)) {
      how = Taken::after_wait;
      done = watch();
    }
    if (done) continue;
    const kube::Failure &failure = done.failure();
    if (is_forbidden(failure, "write ")) return how;
    if (!failure.retryable || cluster_.now() >= patience)
      throw kube::explain(failure, "write " + id_.text(), cluster_.access());
    cluster_.sleep(std::chrono::seconds(1));
  }
  cluster_.before_write = [this] {
    if (cluster_.now() >= sure_until_.load()) renew(); // it slept, or the network was away
    check();
  };
  ending_ = false; // after a release()
  thread_ = std::thread([this] { renew_until_released(); });
  return how;
}

void Lock::check() {
  std::optional<kube::Failure> forbidden;
  {
    const std::lock_guard lock(mutex_);
    forbidden = std::exchange(forbidden_, std::nullopt);
  }
  if (forbidden) is_forbidden(*forbidden, "renew ");
  if (!lost_) return;
  const kube::Access &access = cluster_.access();
  check_namespace(cluster_); // it takes the lease along
  throw Error(Exit::cluster,
              fmt::format("another hello has taken over release {}: this one stops writing",
                          access.release),
              "run 'hello status' to see how far it got");
}

void Lock::renew() {
  const std::lock_guard renewing(renewing_);
  if (lost_) return;
  std::optional<kube::Failure> failure;
  try {
    if (const auto done = write(last_); !done) failure = done.failure();
  } catch (const Error &) { // an interruption, which the main thread sees too
  }
  if (!failure) return;
  // anything else may pass: until another hello takes it, it is ours
  lost_ = failure->trouble == kube::Trouble::stale || failure->absent();
  if (failure->trouble != kube::Trouble::forbidden) return;
  sure_until_ = sys::Deadline::max();
  const std::lock_guard lock(mutex_);
  forbidden_ = std::move(failure);
}

void Lock::renew_until_released() {
  std::unique_lock lock(mutex_);
  auto wait = renewal_ / 4; // a right that is missing shows early
  while (!wake_.wait_for(lock, wait, [this] { return ending_; })) {
    wait = renewal_;
    lock.unlock();
    renew();
    if (lost_ || sure_until_.load() == sys::Deadline::max()) return;
    lock.lock();
  }
}

void Lock::release() {
  cluster_.before_write = nullptr;
  cluster_.set_limit(sys::Deadline::max()); // a run that ended at its limit gives it back, too
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (!held_ || lost_) return;
  check(); // it may have something to say
  held_ = false;
  const json::Value &meta = last_.at("metadata");
  const sys::LastWord last_word; // else a Ctrl-C would let the next run wait
  try {
    const auto done =
        cluster_.remove(id_, {meta.text("uid"), meta.text("resourceVersion")},
                        cluster_.now() + std::chrono::seconds(sys::interrupted() ? 2 : 5));
    if (done.failed_with(kube::Trouble::forbidden))
      warn_("the next run has to wait until the lease looks abandoned: " +
            kube::explain(done.failure(), "remove " + id_.text(), cluster_.access()).words());
  } catch (const Error &) { // whoever comes next takes it over
  }
}

} // namespace hello::release
