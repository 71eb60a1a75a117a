#include "server/process/cgroup.h"

#include <algorithm>

#include "hello/error.h"
#include "hello/file.h"
#include "hello/text.h"

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
  const std::string file = kernel_file(root + "/proc/self/cgroup");
  for (std::string_view rest : text::lines(file)) {
    text::take(rest, ':');
    const std::string_view controllers = text::take(rest, ':');
    const bool found =
        version == CgroupVersion::v2 ? controllers.empty() : contains(controllers, controller);
    if (found && rest.starts_with('/')) return std::string(rest);
  }
  return "/";
}

} // namespace

std::string kernel_file(const std::string &path) try {
  return sys::read_file(path, 1 << 20);
} catch (const Error &) {
  return {};
}

std::optional<std::int64_t> kernel_number(const std::string &path) {
  return text::integer(text::trimmed(kernel_file(path)));
}

void visit_cgroups(const std::string &root, std::string_view controller,
                   const std::function<void(const std::string &folder, CgroupVersion)> &visit) {
  // A line, by proc(5): id parent device root mount-point options… - type source super-options
  const std::string mounts = kernel_file(root + "/proc/self/mountinfo");
  for (const std::string_view line : text::lines(mounts)) {
    const auto words = text::words(line);
    const auto dash = std::find(words.begin(), words.end(), "-");
    if (dash - words.begin() < 5 || words.end() - dash < 4) continue;
    const std::string_view subtree = words[3], mount_point = words[4], type = dash[1];
    const bool v1 = type == "cgroup" && contains(dash[3], controller);
    if (!v1 && type != "cgroup2") continue;
    const auto version = v1 ? CgroupVersion::v1 : CgroupVersion::v2;
    std::string path = group_path(root, controller, version);
    if (subtree != "/" && path.starts_with(subtree))
      path.erase(0, subtree.size()); // only a subtree is mounted
    if (path == "/" || path.starts_with("/..")) path.clear();
    const std::string top = root + std::string(mount_point);
    for (std::string folder = top + path; folder.size() >= top.size();) {
      visit(folder, version);
      const auto slash = folder.rfind('/');
      if (slash == folder.npos) break;
      folder.resize(slash);
    }
  }
}

} // namespace hello::server
