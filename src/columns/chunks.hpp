// Bytes cut into chunks of whole records, with their index.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>

#include "bytes/placed.hpp"
#include "index/field_index.hpp"

namespace flatbed {

/// Some whole records, and where they stand. There may be none.
struct Chunk {
  /// The bytes that a chunk is cut from; but for its last record, which may begin before them.
  struct Window {
    uint64_t number = 0, begin = 0, end = 0;
  };
  Buffer bytes{};
  FieldIndex index{};
  uint64_t byte = 0;  ///< of the first byte, in the source
  uint64_t line = 1;  ///< of the first byte
  Window window{};
  Status fetched{};
};

/// Cuts a source of bytes into chunks. The source is divided into windows of `chunk_bytes` bytes, and a chunk ends at
/// the last record end in its window, so the cuts depend on the content and that number alone. The window of a record
/// that does not fit grows, up to `most`.
///
/// A chunk is made by claim(), fetch() and settle(). Where the source can be read at any place, chunks are fetched side
/// by side: each is indexed from where a record seems to begin. Once all before it are settled, it is known where one
/// does, and a chunk that was indexed from elsewhere is indexed again. From other sources claim() does everything.
/// THREADS: claim() and settle() in the order of the chunks, each by one thread at a time; fetch() by any.
class ChunkReader {
 public:
  ChunkReader(std::unique_ptr<ByteSource> source, size_t chunk_bytes, size_t most);

  /// Shows the next bytes, `wanted` unless the source ends before; valid until the next call.
  /// REQUIRES, as those below: no chunk was claimed.
  Result<std::string_view> peek(size_t wanted, std::stop_token stop);
  /// Passes over bytes that were shown, and that end a line.
  void drop(size_t bytes);
  /// Passes over bytes that were shown, in which so many lines end, and returns them.
  Buffer take(size_t bytes, uint64_t lines);
  /// Reads everything, bytes shown already too, from the encoding of this name as UTF-8. REQUIRES: nothing was dropped.
  void decode(std::string_view encoding);
  /// Begins the next chunk; false at the end. The chunk's index is reused. ERRORS: kRowTooWide, those of the source.
  Result<bool> claim(const Syntax& syntax, Chunk& chunk, std::stop_token stop);
  /// Reads and indexes a chunk that was claimed.
  void fetch(const Syntax& syntax, Chunk& chunk);
  /// Makes sure that the chunk begins where the one before ends. ERRORS: as claim().
  Status settle(const Syntax& syntax, Chunk& chunk, std::stop_token stop);
  /// All three, for one thread.
  Result<bool> next(const Syntax& syntax, Chunk& chunk, std::stop_token stop);
  const ByteSource& source() const noexcept { return *source_; }
  /// Stored bytes that are done with.
  uint64_t consumed_bytes() const noexcept { return placed_ != nullptr ? byte_.load() : source_->consumed_bytes(); }
  /// The place of the byte that is next, in the source.
  uint64_t byte() const noexcept { return byte_; }
  /// The line of the byte that is next.
  uint64_t line() const noexcept { return line_; }

 private:
  Status fill(size_t wanted, std::stop_token stop);
  void join(size_t wanted);
  void advance(size_t bytes);
  Result<Buffer> show(size_t wanted, std::stop_token stop);
  Status cut(const Syntax& syntax, Chunk& chunk, std::stop_token stop);
  void pass(Chunk& chunk);

  std::unique_ptr<ByteSource> source_;
  const PlacedBytes* placed_ = nullptr;  // the source, where it can be read at any place
  size_t chunk_bytes_;
  size_t most_;
  Slabs rooms_;        // for a window and the bytes around it
  Buffer ahead_{};     // read and not yet given away
  Buffer room_{};      // where parts that do not lie side by side are joined
  Buffer part_{};      // the part that is being joined to `ahead_`
  size_t joined_ = 0;  // bytes of it that `ahead_` ends with
  bool ended_ = false;
  uint64_t first_ = 0;                 // where the first window begins
  Chunk::Window last_{};               // the last one that was claimed
  std::atomic<uint64_t> settled_ = 0;  // windows
  std::atomic<uint64_t> byte_ = 0;
  uint64_t line_ = 1;
};

}  // namespace flatbed
