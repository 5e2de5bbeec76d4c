// Bytes cut into chunks of whole records, with their index.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string_view>

#include "bytes/slabs.hpp"
#include "flatbed/bytes.hpp"
#include "index/field_index.hpp"

namespace flatbed {

/// Some whole records, and where they stand.
struct Chunk {
  Buffer bytes{};
  FieldIndex index{};
  uint64_t byte = 0;  ///< of the first byte, in the source
  uint64_t line = 1;  ///< of the first byte
};

/// Cuts a source of bytes into chunks. A chunk ends at the last record end in its window of `chunk_bytes` bytes, so the
/// cuts depend on the content and that number alone. A record that does not fit makes the window grow, up to `most`.
class ChunkReader {
 public:
  ChunkReader(std::unique_ptr<ByteSource> source, size_t chunk_bytes, size_t most)
      : source_(std::move(source)), chunk_bytes_(chunk_bytes), most_(most), rooms_(chunk_bytes + 1, 2) {}

  /// Shows the next bytes, `wanted` unless the source ends before; valid until the next call.
  Result<std::string_view> peek(size_t wanted, std::stop_token stop);
  /// Passes over bytes that were shown, and that end a line.
  void drop(size_t bytes);
  /// Passes over bytes that were shown, in which so many lines end, and returns them.
  Buffer take(size_t bytes, uint64_t lines);
  /// Reads everything, bytes shown already too, from the encoding of this name as UTF-8. REQUIRES: nothing was dropped.
  void decode(std::string_view encoding);
  /// Fills `chunk`; false at the end. The chunk's index is reused. ERRORS: kRowTooWide, and those of the source.
  Result<bool> next(const Syntax& syntax, Chunk& chunk, std::stop_token stop);
  const ByteSource& source() const noexcept { return *source_; }
  /// The place of the byte that is next, in the source.
  uint64_t byte() const noexcept { return byte_; }
  /// The line of the byte that is next.
  uint64_t line() const noexcept { return line_; }

 private:
  Status fill(size_t wanted, std::stop_token stop);
  void join(size_t wanted);
  void advance(size_t bytes);

  std::unique_ptr<ByteSource> source_;
  size_t chunk_bytes_;
  size_t most_;
  Buffer ahead_{};     // read and not yet given away
  Slabs rooms_;        // for a window and the byte behind it
  Buffer room_{};      // where parts that do not lie side by side are joined
  Buffer part_{};      // the part that is being joined to `ahead_`
  size_t joined_ = 0;  // bytes of it that `ahead_` ends with
  bool ended_ = false;
  uint64_t byte_ = 0;
  uint64_t line_ = 1;
};

}  // namespace flatbed
