// Bytes that are known to lie somewhere, so that several threads can fetch them side by side.
#pragma once

#include "bytes/slabs.hpp"
#include "flatbed/bytes.hpp"

namespace flatbed {

/// Bytes that can be read at any place, besides one after the other.
class PlacedBytes : public ByteSource {
 public:
  /// Returns how many there are; nothing where they can only be read one after the other.
  virtual std::optional<uint64_t> size() const noexcept = 0;
  /// Returns the bytes from a place on, fewer than `most` at the end only, without moving the place of read(). What is
  /// not in memory is copied to a slab of `room`, or to memory of its own where it is larger. THREADS: any.
  virtual Result<Buffer> read_at(uint64_t byte, size_t most, Slabs& room) const = 0;
  /// Tells whether all that was read so far is of one version. ERRORS: kSourceChanged.
  virtual Status unchanged() const = 0;
};

}  // namespace flatbed
