#include "hello/manifest.h"
#include "manifest/values.h"

namespace hello::manifest {

std::vector<Object> deployer(const config::Config &config) {
  std::vector<Object> objects;
  for (const std::string_view file :
       {"templates/deployer/serviceaccount.yaml", "templates/deployer/role.yaml",
        "templates/deployer/rolebinding.yaml"}) {
    const YAML::Node node = filled(config, file);
    objects.emplace_back(node["apiVersion"].Scalar(), node["kind"].Scalar(),
                         node["metadata"]["namespace"].Scalar(), node["metadata"]["name"].Scalar(),
                         node);
  }
  return objects;
}

} // namespace hello::manifest
