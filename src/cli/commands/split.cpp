#include "cli/commands/split.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdlib.h>
#include <sys/stat.h>

#include <fmt/core.h>

#include "hello/file.h"
#include "hello/text.h"
#include "hello/yaml.h"

namespace hello::cli {
namespace {

namespace fs = std::filesystem;

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

/// A temporary directory beside or inside the target; removed with what is left in it.
struct Stage {
  std::string path;
  explicit Stage(std::string pattern) : path(std::move(pattern)) {
    if (!::mkdtemp(path.data()))
      throw Error(Exit::failure,
                  fmt::format("cannot write to {}: {}", fs::path(path).parent_path().string(),
                              std::strerror(errno)));
  }
  ~Stage() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  Stage(const Stage &) = delete;
};

/// Whether an earlier run made the file: its first line is `head` up to the version.
bool is_ours(const fs::path &file, std::string_view head) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  std::string_view mark = head.substr(0, head.find("hello ") + 6);
  return file.extension() == ".yaml" && line.starts_with(mark);
}

/// kustomize takes one of three names, and someone else's file must not be lost.
void check_index(const fs::path &target, std::string_view head) {
  for (const char *name : {kIndex, "kustomization.yml", "Kustomization"})
    if (const fs::path file = target / name; fs::exists(file) && !is_ours(file, head))
      throw Error(
          Exit::failure,
          fmt::format("cannot write to {}: {} was not made by hello", target.string(), name),
          "write to a directory of its own, and name that directory in your "
          "kustomization's resources");
}

} // namespace

void split(std::span<const manifest::Object> objects, const std::string &directory,
           std::string_view head, Kustomization kustomization) try {
  const Files files = contents(objects, head, kustomization);
  fs::path target = fs::path(directory).lexically_normal();
  if (!target.has_filename()) target = target.parent_path(); // "out/"
  if (fs::exists(target) && !fs::is_directory(target))
    throw Error(Exit::failure,
                fmt::format("cannot write to {}: it is a file, not a directory", directory),
                "--split takes a directory, and creates it if it does not exist");
  if (kustomization == Kustomization::yes) check_index(target, head);
  const bool is_new = !fs::exists(target);
  if (is_new && target.has_parent_path()) fs::create_directories(target.parent_path());
  Stage stage(is_new ? target.string() + ".XXXXXX" : (target / ".hello-XXXXXX").string());
  for (const auto &[name, text] : files) sys::write_file(stage.path + "/" + name, text);
  if (is_new) {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    ::chmod(stage.path.c_str(), 0777 & ~mask);
    return fs::rename(stage.path, target);
  }
  for (const auto &[name, text] : files) fs::rename(stage.path + "/" + name, target / name);
  for (const fs::directory_entry &entry : fs::directory_iterator(target))
    if (!files.contains(entry.path().filename().string()) && entry.is_regular_file() &&
        is_ours(entry.path(), head))
      fs::remove(entry.path());
} catch (const fs::filesystem_error &error) {
  throw Error(Exit::failure,
              fmt::format("cannot write to {}: {}", directory, error.code().message()));
}

} // namespace hello::cli
