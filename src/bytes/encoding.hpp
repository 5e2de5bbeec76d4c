// Text of other encodings. Enters: a stream of bytes and the name of its encoding. Leaves: the same text as UTF-8.
// Invariant: bytes that the encoding does not know end in an error that names their place; none is replaced.
#pragma once

#include <memory>
#include <string_view>

#include "flatbed/bytes.hpp"

namespace flatbed {

/// Turns a stream into UTF-8: utf-16le, utf-16be, latin-1, cp1252 and what else iconv knows. UTF-8 passes as it is,
/// byte order mark included. ERRORS, on reading: kEncodingUnknown.
std::unique_ptr<ByteSource> to_utf8(std::unique_ptr<ByteSource> bytes, std::string_view encoding);

}  // namespace flatbed
