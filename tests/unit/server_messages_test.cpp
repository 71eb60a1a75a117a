#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <sys/stat.h>

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

Budget budget(64 << 20);

std::string shown(const Messages &messages) { return messages.page()->kinds[0].body; }

} // namespace

TEST_CASE("messages: a changed ConfigMap is shown without a restart") {
  Mount mount("one\n");
  Messages messages("", mount.file(), "pod", budget);
  messages.start();
  CHECK(shown(messages) == "one\n");
  for (int i = 0; i < 3; ++i) {
    const std::string text = "text " + std::to_string(i) + "\n";
    mount.swap(text);
    CHECK(eventually([&] { return shown(messages) == text; }));
  }
  messages.stop(std::chrono::steady_clock::now() + std::chrono::minutes(1));
  CHECK(messages.failures() == 0);
}

TEST_CASE("messages: a bad file keeps the old text, and the next good one is shown") {
  Mount mount("good");
  Messages messages("", mount.file(), "pod", budget);
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
  Messages messages("", file, "pod", budget);
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

TEST_CASE("messages: two earlier pages may still be sent; a third change waits for their readers") {
  Budget small(64 << 20);
  Mount mount("0");
  Messages messages("", mount.file(), "pod", small);
  messages.start();
  const std::size_t one = small.charged_bytes();
  std::vector<std::shared_ptr<const Page>> readers;
  for (const char *text : {"1", "2"}) {
    readers.push_back(messages.page());
    mount.swap(text);
    CHECK(eventually([&] { return shown(messages) == text + std::string("\n"); }));
  }
  CHECK(small.charged_bytes() == 3 * one);
  mount.swap("3");
  CHECK(eventually([&] { return messages.failures() == 1; }));
  CHECK(shown(messages) == "2\n");
  readers.clear();
  mount.swap("4");
  CHECK(eventually([&] { return shown(messages) == "4\n"; }));
  CHECK(eventually([&] { return small.charged_bytes() == one; }));
}

TEST_CASE("messages: a text whose pages do not fit the memory budget is not shown") {
  Budget small(200'000);
  Mount mount("little");
  Messages messages("", mount.file(), "pod", small);
  messages.start();
  mount.swap(std::string(100'000, 'x'));
  CHECK(eventually([&] { return messages.failures() == 1; }));
  CHECK(shown(messages) == "little\n");
}

TEST_CASE(
    "messages: a file that is no regular one is an error at the start, at once, and keeps the old "
    "text later") {
  Mount mount("good");
  const std::string fifo = (mount.root / "fifo").string();
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  for (const std::string &file : {fifo, mount.root.string(), std::string("/dev/tty")})
    CHECK_THROWS_AS(Messages("", file, "pod", budget), hello::Error);
  Messages messages("", mount.file(), "pod", budget);
  messages.start();
  fs::create_symlink(fifo, mount.root / "new");
  fs::rename(mount.root / "new", mount.root / "MESSAGES");
  CHECK(eventually([&] { return messages.failures() == 1; }));
  CHECK(shown(messages) == "good\n");
}

TEST_CASE("messages: a text is shown however it arrives") {
  Mount mount("");
  const fs::path link = mount.root / "link", far = mount.root / "far", file = far / "text";
  fs::create_directory(far);
  std::ofstream(file) << "0";
  fs::create_symlink(file, link);
  Messages messages("", link.string(), "pod", budget);
  messages.start();
  const auto shows = [&](const std::string &text) {
    return eventually([&] { return shown(messages) == text + "\n"; });
  };
  std::ofstream(file) << "1"; // in place, of the same size, behind a link
  CHECK(shows("1"));
  std::ofstream(far / "new") << "2";
  fs::rename(far / "new", file);
  CHECK(shows("2"));
  fs::create_directory(mount.root / "other");
  std::ofstream(mount.root / "other/text") << "3";
  fs::rename(far, mount.root / "old"); // the folder is replaced
  fs::rename(mount.root / "other", far);
  CHECK(shows("3"));
  fs::remove(link);
  CHECK(eventually([&] { return messages.failures() == 1; }));
  std::ofstream(link) << "4"; // a file in place of the link
  CHECK(shows("4"));
  CHECK(messages.failures() == 1);
}

TEST_CASE("messages: a file is read again when asked, and its text counts once") {
  Mount mount("one");
  Messages messages("", mount.file(), "pod", budget);
  messages.start();
  mount.swap("bad \xff");
  CHECK(eventually([&] { return messages.failures() == 1; }));
  messages.reread();
  CHECK(eventually([&] { return messages.failures() == 2; }));
  mount.swap("two");
  CHECK(eventually([&] { return shown(messages) == "two\n"; }));
  CHECK(messages.failures() == 2);
  CHECK(messages.reloads() == 1);
}

TEST_CASE("page: its memory is known before it is made") {
  for (const std::string &text :
       {std::string("Hello"), std::string(1000, '"'), std::string(1000, '\x1'),
        std::string(1000, '\n'), std::string(500, '<') + "\na\n\nb", std::string("\u2028\\")}) {
    std::size_t bytes = 0;
    for (const Representation &kind : make_page(text, "pod").kinds) {
      bytes += kind.body.size();
      CHECK(kind.body.capacity() < kind.body.size() + 100 + text.size() * 60);
    }
    CHECK(bytes <= page_bytes(text));
  }
}

TEST_CASE("messages: 512 KiB are shown, and a text that cannot be shown at the start is an error") {
  CHECK(shown(Messages(std::string(kMaxMessagesBytes, 'x'), "", "pod", budget)).size() ==
        kMaxMessagesBytes + 1);
  CHECK_THROWS_AS(Messages("\xff", "", "pod", budget), hello::Error);
  CHECK_THROWS_AS(Messages("", "/nowhere/MESSAGES", "pod", budget), hello::Error);
}
