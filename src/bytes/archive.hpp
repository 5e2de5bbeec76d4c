// Packed bytes. Enters: a stream that may be compressed or an archive. Leaves: the bytes inside. Invariant: what comes
// out was proved whole by its checksums where the format has them; damage ends in kBadCompression.
#pragma once

#include "flatbed/bytes.hpp"

namespace flatbed {

/// Unpacks gzip, zstd, lz4, xz, bzip2 and the members of zip and tar, told by content; other bytes pass as they are.
/// COST: reads the first bytes of `stored`.
Result<std::unique_ptr<ByteSource>> unpack(std::unique_ptr<ByteSource> stored, const ReadFileOptions& options,
                                           std::stop_token stop);

}  // namespace flatbed
