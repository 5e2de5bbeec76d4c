// Records as they stand in a file: every field text, and no two records need to be of one width.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "columns/records.hpp"
#include "flatbed/batch.hpp"

namespace flatbed {

/// One record of a chunk.
struct Stretch {
  uint32_t first = 0;   ///< its first field
  uint32_t fields = 0;  ///< how many it has
};

/// Returns the records of a chunk. An empty line is one only where `columns` is 1.
std::vector<Stretch> find_stretches(std::string_view text, const FieldIndex& index, size_t columns);

/// Returns the text of each field of a record, its escapes resolved.
std::vector<std::string> texts_of(const Records& records, const Stretch& stretch);

/// The extent of a table whose records may differ, found in one look at every record of a file. The table ends where
/// its header comes again, where a gap parts it from records of other widths, and before empty records at the end.
class Outline {
 public:
  /// `header` is empty when there is none.
  Outline(size_t columns, std::vector<std::string> header)
      : columns_(columns), width_(columns), header_(std::move(header)) {}
  /// Adds the next chunk. COST: one pass over the fields.
  void add(const Records& chunk);
  /// Number of fields of the widest record of the table.
  size_t width() const noexcept { return width_; }
  /// Number of records of the table.
  uint64_t rows() const noexcept;

 private:
  void add(const Records& chunk, const Stretch& stretch, bool after_empty_line);
  bool is_header(const Records& chunk, const Stretch& stretch) const;
  bool holds_several(const Records& chunk, const Stretch& stretch) const;

  size_t columns_;
  size_t width_;
  std::vector<std::string> header_;
  uint64_t seen_ = 0;       // records
  uint64_t filled_ = 0;     // records up to the last one with text in it
  bool ended_ = false;      // the rest belongs to other tables
  bool gap_ = false;        // since gap_at_ no record had the table's width
  uint64_t gap_at_ = 0;     // records before the gap
  uint64_t after_gap_ = 0;  // records with text since then
  bool title_ = false;     // since title_at_ no record held more than one text: they may be the title of the next table
  uint64_t title_at_ = 0;  // records before the empty one that stands above the title
};

/// Makes a text column for each of `sources`, the numbers of fields. A field that its record lacks is NULL; bytes are
/// taken as they stand. Columns keep `chunk`, which holds the bytes of `records`.
std::vector<Column> build_as_is(const Records& records, const std::vector<Stretch>& stretches,
                                const std::vector<size_t>& sources, const Buffer& chunk);

}  // namespace flatbed
