// Compression on the wire, as HTTP's Content-Encoding names it: lz4 (frames) and zstd.
#pragma once

#include <memory>
#include <string_view>

#include "flatbed/bytes.hpp"
#include "flatbed/status.hpp"

namespace flatbed {

/// Compresses bytes step by step while they are pulled. REQUIRES: encoding is "lz4" or "zstd".
/// LIFETIME: `bytes` outlives the source.
std::unique_ptr<ByteSource> packed_bytes(std::string_view bytes, std::string_view encoding);

/// Tells whether unpacked_bytes() reads this encoding.
bool is_wire_encoding(std::string_view encoding) noexcept;

/// Unpacks what `packed` gives, step by step. REQUIRES: is_wire_encoding(encoding). LIFETIME: `packed` outlives the
/// source. ERRORS: those of `packed`; kConnectionLost when the bytes are damaged or end too early.
std::unique_ptr<ByteSource> unpacked_bytes(ByteSource& packed, std::string_view encoding);

}  // namespace flatbed
