// A dialect in words: each setting and who chose it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flatbed/dialect.hpp"

namespace flatbed {

/// Writes text in single quotes, its control bytes as escapes.
std::string visible(std::string_view text);

/// Returns every setting as a person reads it: ("delimiter", "',' (detected)").
std::vector<std::pair<std::string, std::string>> settings_of(const Dialect& dialect);

/// Returns the options of the file connector that choose every setting as it is.
std::map<std::string, std::string> options_of(const Dialect& dialect);

}  // namespace flatbed
