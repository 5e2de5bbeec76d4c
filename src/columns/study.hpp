// The types of the columns of a text file, from every field of a chunk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "columns/column_loops.hpp"
#include "columns/infer.hpp"
#include "columns/records.hpp"
#include "columns/repair.hpp"

namespace flatbed {

/// Finds the fields of a column that add nothing to what is known of its type, by the loops that read typed columns.
/// REQUIRES: records whose fields are what they mean: no text that means NULL is like a value, none is escaped or
/// repaired. LIFETIME: the records outlive it. THREADS: one owner.
class KnownFields {
 public:
  static constexpr size_t kMostRows = 64;  // a bit each in a word
  KnownFields(const Records& records, size_t source);
  /// Returns a bit for each such field of up to kMostRows rows from `row` on.
  uint64_t find(size_t row, size_t count, const ColumnInference& type);

 private:
  struct Flags;
  // Where the field's begin and end stand in the index.
  const uint32_t* bounds_of(size_t row) const { return records_.index->bounds() + records_.field(row, source_); }
  // Returns a bit for each field that the typed loop does not know.
  uint64_t read_values(size_t row, size_t count);
  template <class T>
  uint64_t in_range(size_t count) const;
  // Returns a bit for each number that has neither a quote, nor a needless zero before it, nor a sign that is new.
  uint64_t plainly_written(size_t row, size_t count) const;
  // Returns a bit for each field that cannot mean NULL.
  uint64_t not_null(size_t row, size_t count) const;

  const Records& records_;
  size_t source_;
  FieldSpans spans_;      // from the first row that is looked at on
  unsigned changes_ = 0;  // of what `covered_` was taken from
  ColumnInference::Covered covered_{};
  FastLoop loop_ = nullptr;
  alignas(64) std::byte values_[kMostRows * sizeof(int64_t)] = {};  // of the rows that are looked at
};

/// Adds the fields of a chunk, but for those of misfits, to what is known of some columns: types[i] is that of field
/// sources[i] of each record. `line` is that of the chunk's first byte.
void study(const Records& records, uint64_t line, const std::vector<size_t>& sources, const Repairs& repairs,
           std::vector<ColumnInference>& types);

}  // namespace flatbed
