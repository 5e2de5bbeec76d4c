// Ends that a program hands over instead of naming: a source it made. They reach a plan through a connector of their
// own.
#pragma once

#include <memory>

#include "flatbed/registry.hpp"
#include "flatbed/source.hpp"

namespace flatbed {

/// The address of the source in a registry that has its connector.
constexpr const char* kGivenUri = "given:source";
/// Makes the connector of one source, which is handed out once. ERRORS of the source: kUsage the second time.
Connector given_connector(std::unique_ptr<Source> source);

}  // namespace flatbed
