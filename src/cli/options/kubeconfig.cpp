#include "cli/options/kubeconfig.h"

#include <algorithm>
#include <cstdlib>

#include "hello/file.h"
#include "hello/text.h"
#include "hello/yaml.h"

namespace hello::cli {
namespace {

constexpr yaml::Limits kLimits{16 << 20, 64, 1'000'000};

std::vector<std::string> paths() {
  std::vector<std::string> all;
  if (const char *named = std::getenv("KUBECONFIG"); named && *named)
    for (const std::string_view path : text::split(named, ':'))
      if (!path.empty()) all.emplace_back(path);
  const char *home = std::getenv("HOME");
  if (all.empty() && home) all.push_back(std::string(home) + "/.kube/config");
  return all;
}

void add(Kubeconfig &config, const YAML::Node &file) {
  for (const YAML::Node &one : yaml::items(yaml::at(file, "contexts"))) {
    KubeContext context{yaml::text(one, "name"), yaml::text(one, "context", "cluster"),
                        yaml::text(one, "context", "user"),
                        yaml::text(one, "context", "namespace")};
    if (!context.name.empty() && !config.find(context.name))
      config.contexts.push_back(std::move(context));
  }
  for (const YAML::Node &one : yaml::items(yaml::at(file, "users"))) {
    const YAML::Node user = yaml::at(one, "user");
    if (yaml::at(user, "exec").IsDefined() || yaml::at(user, "auth-provider").IsDefined())
      config.plugin_users.push_back(yaml::text(one, "name"));
  }
  if (config.current.empty()) config.current = yaml::text(file, "current-context");
}

} // namespace

const KubeContext *Kubeconfig::find(const std::string &name) const {
  for (const KubeContext &context : contexts)
    if (context.name == name) return &context;
  return nullptr;
}

bool Kubeconfig::has_plugin(const KubeContext &context) const {
  return std::find(plugin_users.begin(), plugin_users.end(), context.user) != plugin_users.end();
}

Kubeconfig read_kubeconfig() {
  Kubeconfig config;
  for (const std::string &path : paths()) {
    try {
      add(config, yaml::load(sys::read_file(path, kLimits.bytes), path, kLimits));
    } catch (const Error &) { // kubectl says what is wrong with it
    }
  }
  return config;
}

} // namespace hello::cli
