#include <csignal>
#include <cstdio>
#include <exception>

#include "hello/cli.h"
#include "hello/error.h"
#include "hello/mask.h"

int main(int argc, char **argv) {
  std::signal(SIGPIPE, SIG_IGN); // a reader that left is an error of write(), not our end
  try {
    return hello::cli::run(argc, argv);
  } catch (const hello::Error &error) {
    const std::string what = hello::mask::applied(error.what());
    std::fprintf(stderr, "hello: %s\n", what.c_str());
    if (!error.hint().empty()) std::fprintf(stderr, "  %s\n", error.hint().c_str());
    return static_cast<int>(error.code());
  } catch (const std::exception &error) {
    std::fprintf(stderr, "hello: %s (this is a defect of hello: please report it)\n", error.what());
    return static_cast<int>(hello::Exit::failure);
  }
}
