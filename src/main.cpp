#include <csignal>
#include <exception>
#include <string>

#include "hello/cli.h"
#include "hello/error.h"

int main(int argc, char **argv) {
  std::signal(SIGPIPE, SIG_IGN); // a reader that left is an error of write(), not our end
  try {
    return hello::cli::run(argc, argv);
  } catch (const hello::Error &error) {
    hello::cli::report(argc, argv, error);
    return static_cast<int>(error.code());
  } catch (const std::exception &error) {
    const std::string what(error.what());
    const hello::Error defect(hello::Exit::failure,
                              what + " (this is a defect of hello: please report it)");
    hello::cli::report(argc, argv, defect);
    return static_cast<int>(defect.code());
  }
}
