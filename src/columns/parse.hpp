// One value out of its text: the slow twin and the oracle of the column loops.
#pragma once

#include <cstddef>
#include <string_view>

#include "flatbed/schema.hpp"

namespace flatbed {

/// Reads one value that is not NULL from text without quotes and escapes, exactly, and writes byte_width(type) bytes.
/// REQUIRES: a type that is not nested and whose
/// values are no views. Returns kOk, kNotOfType, kOutOfRange or kInexact; on failure `out` means nothing.
Code parse_value(std::string_view text, const Type& type, std::byte* out) noexcept;

}  // namespace flatbed
