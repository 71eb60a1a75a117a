#pragma once
#include <string>

#include "cli/view/output.h"
#include "hello/history.h"
#include "hello/kube.h"

/// What to do next where the cluster alone cannot say it.
namespace hello::cli {

/// For a command that has found nothing: says that the namespace does not exist, with the nearest
/// one that does.
void suggest_namespace(kube::Cluster &cluster);

/// How an image gets to the nodes: the command of kind, minikube or k3d, if the context's name or
/// the nodes' labels show one of them, or else a registry.
std::string pull_advice(kube::Cluster &cluster, const std::string &image);

/// The image of a container of the set's Deployment; empty if there is none.
std::string image_of(const release::Set &set, const std::string &container);

} // namespace hello::cli
