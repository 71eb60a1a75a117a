#pragma once
#include <string>
#include <string_view>

#include "hello/failure.h"
#include "hello/process.h"

/// The one place that reads the error texts of kubectl and of the API server.
/// tests/fixtures/kubectl holds recordings of them.
namespace hello::kube {

/// What kubectl wrote to stderr: each line once, because every object of a set may be refused in
/// the same words and kubectl logs each attempt, and without what its log puts before a line.
std::string words_of(std::string_view said);

/// Reads the stderr of a kubectl that did not end with 0.
Failure failure_of(const sys::Finished &finished);

/// Reads a reply of the API server that is not 200. `body` is a Status object or plain text;
/// `http_status` 0 means that no reply came, and `body` says why.
Failure failure_of_status(int http_status, std::string_view body);

/// Whether a log is none: of a container that was removed, the kubelet sends its error text with
/// status 200.
bool is_missing_log(std::string_view log);

} // namespace hello::kube
