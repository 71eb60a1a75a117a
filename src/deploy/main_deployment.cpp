#include "deploy/main_deployment.h"

#include "hello/drill_mark.h"
#include "hello/text.h"

namespace hello::deploy {

const kube::Object *main_deployment(const Set &set, const kube::Access &access) {
  const kube::Object *first = nullptr;
  for (const kube::Object &object : set) {
    if (object.id.kind != "Deployment") continue;
    if (object.id.name == access.release && object.id.ns == access.ns) return &object;
    if (!first) first = &object;
  }
  return first;
}

bool still_ours(kube::Cluster &cluster, const Applied &applied) {
  if (applied.deployment.empty()) return true;
  const kube::Live live =
      look_up(cluster, {"apps/v1", "Deployment", cluster.access().ns, applied.deployment});
  return live.present() && kube::deployment_of(live.value).template_text == applied.template_text;
}

void check_drills(const Plan &plan, const kube::Access &access) {
  const kube::Object *main = main_deployment(plan.set, access);
  if (!main) return;
  const std::string mark =
      plan.before(main->id).value.text("metadata", "annotations", drills::kMark);
  const auto marks = drills::read_marks(mark, text::utc(std::time(nullptr)));
  if (marks.empty()) return;
  throw Error(Exit::cluster, "a drill is active: " + drills::to_text(marks),
              "wait for its end, run 'hello drill stop', or deploy --with-drills");
}

std::string drills_during(kube::Cluster &cluster, const std::string &deployment,
                          std::time_t since) {
  if (deployment.empty()) return "";
  const auto live = cluster.read({"apps/v1", "Deployment", cluster.access().ns, deployment});
  if (!live) return "";
  const auto marks = drills::read_marks(live->at("metadata", "annotations", drills::kMark).text(),
                                        text::utc(since));
  std::string all = drills::to_text(marks);
  if (const std::string scheduled = drills::scheduled_drills(*live); !scheduled.empty())
    all.append(all.empty() ? "" : "; ").append(scheduled).append(" from each start on");
  return all.empty() ? "" : "drills during the rollout: " + all;
}

} // namespace hello::deploy
