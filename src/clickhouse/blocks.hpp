// Blocks of a load: what one INSERT carries, and where it ends. The same for a load and for the proof of it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "flatbed/batch.hpp"
#include "flatbed/ledger.hpp"
#include "flatbed/registry.hpp"

namespace flatbed {

/// Some batches on their way into the table as one INSERT.
struct Block {
  std::string bytes{};
  BlockRecord record{};  ///< without token and hash, while it is filled
  struct Part {
    uint64_t first_row = 0;  ///< in the block
    Origin origin{};
    std::vector<uint64_t> records{};  ///< of its rows, where they are not one after the other
  };
  std::vector<Part> parts{};  ///< the batches
};

/// How large blocks become, and how many are on their way at a time.
struct BlockLimits {
  explicit BlockLimits(const Options& options);
  uint64_t rows, bytes;
  unsigned connections;
  /// Divides memory between the block that is being filled and those on their way.
  void fit(size_t memory_limit) noexcept;
  /// Tells whether a block ends here. Rows are counted before any was rejected or filtered.
  bool reached(const BlockRecord& record, size_t size) const noexcept {
    return record.records >= rows || size >= bytes;
  }
};

/// Counts a batch into the record of block `number`.
void count_in(const Batch& batch, uint64_t number, BlockRecord& record);

/// The hash of a block's content. THREADS: one owner.
class ContentHash {
 public:
  ContentHash();
  void add(std::string_view bytes);
  /// Returns 32 digits, and begins again.
  std::string take();

 private:
  struct Free {
    void operator()(void* state) const noexcept;
  };
  std::unique_ptr<void, Free> state_;
};

/// Returns the hash of some text, 32 digits; the same as ContentHash.
std::string content_hash(std::string_view bytes);

}  // namespace flatbed
