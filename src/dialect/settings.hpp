// A dialect in words: each setting and who chose it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "flatbed/dialect.hpp"

namespace flatbed {

/// Returns every setting as a person reads it: ("delimiter", "',' (detected)").
std::vector<std::pair<std::string, std::string>> settings_of(const Dialect& dialect);

}  // namespace flatbed
