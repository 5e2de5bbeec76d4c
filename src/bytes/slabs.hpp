// Memory that is used again and again: a page that was touched before costs the system nothing.
#pragma once

#include <cstddef>
#include <memory>

#include "flatbed/batch.hpp"

namespace flatbed {

/// Hands out slabs of one size, each of which comes back when the last Buffer that refers to it is gone.
/// THREADS: any; buffers may go on any thread, and after the Slabs.
class Slabs {
 public:
  /// `most_idle` slabs wait for their next use, others are freed.
  Slabs(size_t bytes, size_t most_idle);
  /// Returns a slab, not cleared.
  Buffer take();
  size_t bytes() const noexcept { return bytes_; }

 private:
  struct Shelf;
  size_t bytes_;
  std::shared_ptr<Shelf> shelf_;
};

/// Cuts slabs into buffers that lie one behind the other. A buffer keeps its whole slab alive, so what is cut
/// from one Room should live about as long. THREADS: one owner.
class Room {
 public:
  /// Returns a buffer like those of Buffer::allocate().
  Buffer take(size_t bytes);
  /// Returns all that is left of a slab, at least `least` bytes. REQUIRES: keep() before anything else is taken.
  Buffer take_rest(size_t least);
  /// Shortens what take_rest() gave to its first `bytes` bytes; the others are free again.
  void keep(Buffer& rest, size_t bytes);

 private:
  // A huge page of the system, with the padding of its allocation.
  static constexpr size_t kMostBytes = (size_t{2} << 20) - 64;
  static constexpr size_t kLeastBytes = (size_t{32} << 10) - 64;
  size_t left() const noexcept { return slab_.size() - used_; }
  bool renew(size_t bytes);

  Slabs slabs_{kMostBytes, 2};
  Buffer slab_{};
  size_t used_ = 0;
  size_t next_ = kLeastBytes;  // small files need small slabs
};

}  // namespace flatbed
