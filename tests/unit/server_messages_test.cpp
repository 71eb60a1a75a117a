#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "hello/error.h"
#include "server/site/messages.h"
#include "support/eventually.h"

using namespace hello::server;
using hello::tests::eventually;
namespace fs = std::filesystem;

namespace {

/// A directory as the kubelet keeps a mounted ConfigMap.
struct Mount {
  fs::path root;
  int generation = 0;
  explicit Mount(const std::string &text) {
    std::string name = (fs::temp_directory_path() / "hello-mount-XXXXXX").string();
    root = mkdtemp(name.data());
    swap(text);
    fs::create_symlink("..data/MESSAGES", root / "MESSAGES");
  }
  ~Mount() { fs::remove_all(root); }
  std::string file() const { return (root / "MESSAGES").string(); }

  /// As the kubelet's atomic writer: a new directory, a new link renamed over ..data, the old
  /// directory removed.
  void swap(const std::string &text) {
    const std::string old = ".." + std::to_string(generation),
                      now = ".." + std::to_string(++generation);
    fs::create_directory(root / now);
    std::ofstream(root / now / "MESSAGES", std::ios::binary) << text;
    fs::create_directory_symlink(now, root / "..data_tmp");
    fs::rename(root / "..data_tmp", root / "..data");
    fs::remove_all(root / old);
  }
};

std::string shown(const Messages &messages) { return messages.page()->kinds[0].body; }

} // namespace

TEST_CASE("messages: a changed ConfigMap is shown without a restart") {
  Mount mount("one\n");
  Messages messages("", mount.file(), "pod");
  messages.start();
  CHECK(shown(messages) == "one\n");
  for (int i = 0; i < 3; ++i) {
    const std::string text = "text " + std::to_string(i) + "\n";
    mount.swap(text);
    CHECK(eventually([&] { return shown(messages) == text; }));
  }
  messages.stop();
  CHECK(messages.failures() == 0);
}

TEST_CASE("messages: a bad file keeps the old text, and the next good one is shown") {
  Mount mount("good");
  Messages messages("", mount.file(), "pod");
  messages.start();
  mount.swap("bad \xff");
  CHECK(eventually([&] { return messages.failures() == 1; }));
  CHECK(shown(messages) == "good\n");
  mount.swap(std::string(kMaxMessagesBytes + 1, 'x'));
  CHECK(eventually([&] { return messages.failures() == 2; }));
  fs::remove(mount.root / "MESSAGES");
  CHECK(eventually([&] { return messages.failures() == 3; }));
  CHECK(shown(messages) == "good\n");
  mount.swap("better");
  fs::create_symlink("..data/MESSAGES", mount.root / "MESSAGES");
  CHECK(eventually([&] { return shown(messages) == "better\n"; }));
}

TEST_CASE(
    "messages: a plain file may be overwritten or replaced; a half-written text is not shown") {
  Mount mount("");
  const std::string file = (mount.root / "plain").string();
  std::ofstream(file) << "a";
  Messages messages("", file, "pod");
  messages.start();
  {
    std::ofstream out(file, std::ios::trunc);
    out << "half" << std::flush;
    // Time for a wrong watcher to show it. A right one passes however long this takes.
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    CHECK(shown(messages) == "a\n");
    out << " and whole";
  }
  CHECK(eventually([&] { return shown(messages) == "half and whole\n"; }));
  std::ofstream(file + ".new") << "renamed";
  fs::rename(file + ".new", file);
  CHECK(eventually([&] { return shown(messages) == "renamed\n"; }));
}

TEST_CASE("messages: 512 KiB are shown, and a text that cannot be shown at the start is an error") {
  CHECK(shown(Messages(std::string(kMaxMessagesBytes, 'x'), "", "pod")).size() ==
        kMaxMessagesBytes + 1);
  CHECK_THROWS_AS(Messages("\xff", "", "pod"), hello::Error);
  CHECK_THROWS_AS(Messages("", "/nowhere/MESSAGES", "pod"), hello::Error);
}
