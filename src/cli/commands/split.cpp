#include "cli/commands/split.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <map>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/core.h>

#include "hello/file.h"
#include "hello/text.h"
#include "hello/yaml.h"

namespace hello::cli {
namespace {

constexpr const char *kIndex = "kustomization.yaml";

/// Texts by file name.
using Files = std::map<std::string, std::string>;

/// A name that no other object's file has. The Namespace's sorts first, for tools that apply a
/// directory in order.
std::string file_name(const manifest::Object &object, const Files &files) {
  std::string name = text::lower(object.kind + "-" + object.name);
  if (object.kind == "Namespace") name.insert(0, "0-");
  std::replace(name.begin(), name.end(), '/', '_');
  if (files.contains(name + ".yaml")) name += "-" + object.ns;
  std::string free = name + ".yaml";
  for (int number = 2; files.contains(free); ++number)
    free = fmt::format("{}-{}.yaml", name, number);
  return free;
}

Files contents(std::span<const manifest::Object> objects, std::string_view head,
               Kustomization kustomization) {
  Files files;
  YAML::Node index;
  index["apiVersion"] = yaml::string("kustomize.config.k8s.io/v1beta1");
  index["kind"] = yaml::string("Kustomization");
  for (const manifest::Object &object : objects) {
    const std::string name = file_name(object, files);
    files[name] = std::string(head) + manifest::to_yaml(std::span(&object, 1));
    index["resources"].push_back(yaml::string(name));
  }
  if (kustomization == Kustomization::yes) files[kIndex] = std::string(head) + yaml::to_yaml(index);
  return files;
}

[[noreturn]] void fail(const std::string &directory) {
  throw Error(Exit::failure,
              fmt::format("cannot write to {}: {}", directory, std::strerror(errno)));
}

/// The type of a file, such as S_IFDIR; 0 if there is none.
mode_t type_of(const std::string &path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & S_IFMT : 0;
}

/// Makes the directories above `path` that are missing.
void make_parents(const std::string &path) {
  for (std::size_t end = path.find('/', 1); end != path.npos; end = path.find('/', end + 1)) {
    const std::string parent = path.substr(0, end);
    if (::mkdir(parent.c_str(), 0777) != 0 && errno != EEXIST) fail(parent);
  }
}

/// A temporary directory for the files, beside or inside the target; removed with what is left in
/// it.
struct Stage {
  std::string path;
  const Files &files;
  Stage(std::string pattern, const Files &all) : path(std::move(pattern)), files(all) {
    if (!::mkdtemp(path.data())) fail(path.substr(0, path.rfind('.')));
  }
  ~Stage() {
    for (const auto &[name, text] : files) ::unlink((path + "/" + name).c_str());
    ::rmdir(path.c_str());
  }
  Stage(const Stage &) = delete;
};

/// Whether an earlier run made the file: its first line is `head` up to the version.
bool is_ours(const std::string &file, std::string_view head) {
  const std::string_view mark = head.substr(0, head.find("hello ") + 6);
  std::string start(mark.size(), '\0');
  const sys::Fd in = sys::open_regular(file, O_RDONLY);
  return in && ::read(in.get(), start.data(), start.size()) >= 0 && start == mark &&
         file.ends_with(".yaml");
}

/// Someone else's file must not be lost.
void check(const std::string &target, const std::string &name, std::string_view head) {
  const std::string file = target + "/" + name;
  if (type_of(file) && !is_ours(file, head))
    throw Error(Exit::failure,
                fmt::format("cannot write to {}: {} was not made by hello", target, name),
                "write to a directory of its own, and name that directory in your "
                "kustomization's resources");
}

void move(const std::string &from, const std::string &to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) fail(to);
}

} // namespace

void split(std::span<const manifest::Object> objects, const std::string &directory,
           std::string_view head, Kustomization kustomization) {
  const Files files = contents(objects, head, kustomization);
  const std::string target = // without the last slash of "out/"
      directory.substr(0, std::max<std::size_t>(directory.find_last_not_of('/') + 1, 1));
  const mode_t type = type_of(target);
  if (type && type != S_IFDIR)
    throw Error(Exit::failure,
                fmt::format("cannot write to {}: it is a file, not a directory", directory),
                "--split takes a directory, and creates it if it does not exist");
  for (const auto &[name, text] : files) check(target, name, head);
  if (kustomization == Kustomization::yes) // kustomize takes one of three names
    for (const char *name : {"kustomization.yml", "Kustomization"}) check(target, name, head);
  if (!type) make_parents(target);
  const Stage stage(target + (type ? "/.hello-XXXXXX" : ".XXXXXX"), files);
  for (const auto &[name, text] : files) sys::write_file(stage.path + "/" + name, text);
  if (!type) {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    ::chmod(stage.path.c_str(), 0777 & ~mask);
    return move(stage.path, target);
  }
  for (const auto &[name, text] : files) move(stage.path + "/" + name, target + "/" + name);
  for (const std::string &name : sys::names_in(target))
    if (const std::string file = target + "/" + name; !files.contains(name) && is_ours(file, head))
      ::unlink(file.c_str());
}

} // namespace hello::cli
