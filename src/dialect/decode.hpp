// The encoding of a sample, and its text as UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace flatbed {

struct Decoded {
  std::string encoding{};
  std::string text{};  // without a byte order mark
};

/// Decodes the head of a file from `given`, or from the encoding that its bytes speak for when `given` is empty:
/// utf-8, utf-16le, utf-16be, cp1252 or latin-1. `whole` says that the sample is the whole file.
Decoded decode(std::string_view sample, bool whole, const std::string& given);

}  // namespace flatbed
