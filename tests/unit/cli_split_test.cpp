#include <filesystem>
#include <stdlib.h>

#include <doctest/doctest.h>

#include "cli/commands/split.h"
#include "hello/file.h"
#include "hello/yaml.h"

using namespace hello;
namespace fs = std::filesystem;

namespace {

constexpr const char *kHead = "# Rendered by hello 1.2.3 from defaults\n";

struct Folder {
  std::string path = (fs::temp_directory_path() / "hello-split-XXXXXX").string();
  Folder() { REQUIRE(::mkdtemp(path.data())); }
  ~Folder() { fs::remove_all(path); }

  std::string read(const std::string &name) const {
    return sys::read_file(path + "/" + name, 10000);
  }
  void write(const std::string &name, const std::string &text) const {
    sys::write_file(path + "/" + name, text);
  }
  bool has(const std::string &name) const { return fs::exists(path + "/" + name); }
};

manifest::Object object(const std::string &api_version, const std::string &kind,
                        const std::string &name) {
  return {api_version, kind, "n", name, yaml::load("kind: " + kind, "test")};
}

} // namespace

TEST_CASE("split: the kustomization lists the files in the order of the set") {
  const Folder folder;
  const manifest::Object set[] = {object("v1", "Service", "b"), object("v1", "Namespace", "n"),
                                  object("v1", "ConfigMap", "a")};
  cli::split(set, folder.path, kHead, cli::Kustomization::yes);
  CHECK(folder.read("kustomization.yaml") ==
        std::string(kHead) + "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
                             "resources:\n- service-b.yaml\n- \"0-namespace-n.yaml\"\n"
                             "- configmap-a.yaml\n");
  CHECK(folder.read("service-b.yaml") == std::string(kHead) + "kind: Service\n");
}

TEST_CASE("split: a run without --kustomization removes that of an earlier run") {
  const Folder folder;
  const manifest::Object set[] = {object("v1", "Service", "b")};
  cli::split(set, folder.path, kHead, cli::Kustomization::yes);
  cli::split(set, folder.path, kHead, cli::Kustomization::no);
  CHECK(folder.has("service-b.yaml"));
  CHECK_FALSE(folder.has("kustomization.yaml"));
}

TEST_CASE("split: someone else's kustomization is neither replaced nor put beside another") {
  for (const char *name : {"kustomization.yaml", "kustomization.yml", "Kustomization"}) {
    CAPTURE(name);
    const Folder folder;
    folder.write(name, "resources: []\n");
    const manifest::Object set[] = {object("v1", "Service", "b")};
    CHECK_THROWS_WITH_AS(cli::split(set, folder.path, kHead, cli::Kustomization::yes),
                         doctest::Contains((std::string(name) + " was not made by hello").c_str()),
                         Error);
    CHECK_FALSE(folder.has("service-b.yaml"));
    CHECK(folder.read(name) == "resources: []\n");
    CHECK_NOTHROW(cli::split(set, folder.path, kHead, cli::Kustomization::no));
  }
}

TEST_CASE("split: someone else's file is not replaced, whatever its name") {
  const Folder folder;
  folder.write("service-b.yaml", "kind: Mine\n");
  const manifest::Object set[] = {object("v1", "Service", "a"), object("v1", "Service", "b")};
  CHECK_THROWS_WITH_AS(cli::split(set, folder.path, kHead, cli::Kustomization::no),
                       doctest::Contains("service-b.yaml was not made by hello"), Error);
  CHECK(folder.read("service-b.yaml") == "kind: Mine\n");
  CHECK_FALSE(folder.has("service-a.yaml"));
}

TEST_CASE("split: objects of the same kind and name, but of other groups, get files of their own") {
  const Folder folder;
  const manifest::Object set[] = {object("a.example/v1", "Gateway", "b"),
                                  object("b.example/v1", "Gateway", "b"),
                                  object("c.example/v1", "Gateway", "b")};
  cli::split(set, folder.path, kHead, cli::Kustomization::no);
  for (const char *name : {"gateway-b.yaml", "gateway-b-n.yaml", "gateway-b-n-2.yaml"})
    CHECK(folder.has(name));
}
