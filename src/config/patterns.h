#pragma once
#include <string_view>

#include "hello/config.h"

/// What the texts of settings must look like.
namespace hello::config {

// Kubernetes' own limits. DNS-1123 label and subdomain: names of objects and hosts; a host may
// begin with "*.", and is no IPv4 address.
inline constexpr Pattern kLabel = {"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$",
                                   "DNS label: a to z, 0 to 9 and -, at most 63 characters"};
// include/hello/names.h says what the reserved words would collide with.
inline constexpr Pattern kRelease = {
    "^(?!(default-deny|handover|shared)$)(?!.*-handover$)[a-z]([-a-z0-9]{0,38}[a-z0-9])?$",
    "release name: a to z, 0 to 9 and -, at most 40 characters, starting with a letter; "
    "default-deny, handover, shared and names that end in -handover are reserved"};
inline constexpr Pattern kSubdomain = {
    "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
    "object name: a to z, 0 to 9, - and ."};
inline constexpr Pattern kHost = {
    "^(?!([0-9]+\\.){3}[0-9]+$)(\\*\\.)?"
    "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
    "host name, such as www.example.com or *.example.com"};
/// The usual mistakes in an image name.
constexpr std::string_view image_mistake(std::string_view image) {
  if (image.find("@sha") != image.npos)
    return "its digest is not 64 hexadecimal digits: copy all of it, or use a tag instead: "
           "registry.example.com/hello:1.2.3";
  if (image.find("://") != image.npos) return "leave out http:// or https://";
  if (image.find_first_of(" \t") != image.npos) return "it contains a space";
  return "";
}

// https://pkg.go.dev/github.com/distribution/reference: the grammar
inline constexpr Pattern kImage = {
    "^([\\w.:[\\]-]+/)?[a-z0-9]+((\\.|__?|-+|/)[a-z0-9]+)*(:\\w[\\w.-]{0,127})?"
    "(@sha(256:[0-9a-f]{64}|512:[0-9a-f]{128}))?$",
    "image name ([registry/]name[:tag][@sha256:…], lower case)", image_mistake};
inline constexpr Pattern kCount = {"^([0-9]+|([0-9]{1,2}|100)%)$",
                                   "pod count or percentage, 0% to 100%"};
inline constexpr Pattern kRange = {"^[0-9a-fA-F.:]+/[0-9]{1,3}$", "CIDR, such as 203.0.113.0/24"};
inline constexpr Pattern kMetricLabel = {
    "^[a-zA-Z_][a-zA-Z0-9_]*$", "label of Prometheus: letters, digits and _, not a digit first"};
inline constexpr Pattern kPath = {"^/", "path: begins with /"};
inline constexpr Pattern kBasePath = {
    "^(?!.*/\\.\\.?(/|$))/([A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*/?)?$",
    "path: letters, digits and -._~ after each /"};

} // namespace hello::config
