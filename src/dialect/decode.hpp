// The encoding of a sample, and its text as UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace flatbed {

/// As much of a file as is looked at for more than its encoding.
constexpr size_t kSampleBytes = size_t{1} << 16;

struct Decoded {
  std::string encoding{};
  std::string text{};  // of the first kSampleBytes, without a byte order mark
};

/// Decodes the head of a file from `given`, or from the encoding that the bytes of all of `sample` speak for when
/// `given` is empty: utf-8, utf-16le, utf-16be, cp1252, latin-1, cp1251, koi8-r, shift_jis or gb18030. `whole` says
/// that the sample is the whole file.
Decoded decode(std::string_view sample, bool whole, const std::string& given);

}  // namespace flatbed
