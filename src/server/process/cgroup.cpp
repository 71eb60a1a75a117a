#include "server/process/cgroup.h"

#include "hello/error.h"
#include "hello/file.h"

namespace hello::server {

namespace {

/// Whether a comma-separated list of controllers contains `controller`.
bool contains(std::string_view list, std::string_view controller) {
  return ("," + std::string(list) + ",").find("," + std::string(controller) + ",") !=
         std::string::npos;
}

/// The path of this process's control group, from lines like "4:cpu,cpuacct:/a/b" (v1) or "0::/a/b"
/// (v2).
std::string group_path(const std::string &root, std::string_view controller,
                       CgroupVersion version) {
  std::istringstream file = kernel_file(root + "/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (second == line.npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool found =
        version == CgroupVersion::v2 ? controllers.empty() : contains(controllers, controller);
    if (found) return line.substr(second + 1);
  }
  return "/";
}

} // namespace

std::istringstream kernel_file(const std::string &path) try {
  return std::istringstream(sys::read_file(path, 1 << 20));
} catch (const Error &) {
  return {};
}

void visit_cgroups(const std::string &root, std::string_view controller,
                   const std::function<void(const std::string &folder, CgroupVersion)> &visit) {
  // A line, by proc(5): id parent device root mount-point options… - type source super-options
  std::istringstream mounts = kernel_file(root + "/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    auto dash = line.find(" - ");
    if (dash == line.npos) continue;
    std::string skipped, subtree, mount_point, type, source, options;
    std::istringstream(line.substr(0, dash)) >> skipped >> skipped >> skipped >> subtree >>
        mount_point;
    std::istringstream(line.substr(dash + 3)) >> type >> source >> options;
    const bool v1 = type == "cgroup" && contains(options, controller);
    if (!v1 && type != "cgroup2") continue;
    const auto version = v1 ? CgroupVersion::v1 : CgroupVersion::v2;
    std::string path = group_path(root, controller, version);
    if (subtree != "/" && path.starts_with(subtree))
      path.erase(0, subtree.size()); // only a subtree is mounted
    if (path == "/" || path.starts_with("/..")) path.clear();
    const std::string top = root + mount_point;
    for (std::string folder = top + path; folder.size() >= top.size();) {
      visit(folder, version);
      const auto slash = folder.rfind('/');
      if (slash == folder.npos) break;
      folder.resize(slash);
    }
  }
}

} // namespace hello::server
