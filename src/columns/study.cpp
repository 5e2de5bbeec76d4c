// What types fields can have. Enters: the records of a chunk. Leaves: what is known of each column's type, with lines.
// Rows are looked at in tiles that stay in the first-level cache, all columns of a tile before the next one.
#include "columns/study.hpp"

#include <algorithm>
#include <string>

#include "columns/rejects.hpp"

namespace flatbed {
namespace {

constexpr size_t kTileRows = 64;

// Some rows and their lines.
struct Tile {
  size_t rows[kTileRows];
  uint64_t lines[kTileRows];
  size_t count = 0;
};

// Cuts the rows that are no misfits into tiles.
class Tiles {
 public:
  Tiles(const Records& records, uint64_t line)
      : records_(records),
        line_(line),
        one_line_each_(records.first.empty() && records.index->lines == records.index->record_ends),
        cursor_(records.text, line),
        misfit_(records.misfits.begin()) {}
  bool next(Tile& tile) {
    for (tile.count = 0; row_ < records_.rows && tile.count < kTileRows; ++row_) {
      if (misfit_ != records_.misfits.end() && misfit_->record == row_) {
        ++misfit_;
        continue;
      }
      tile.rows[tile.count] = row_;
      tile.lines[tile.count++] =
          one_line_each_ ? line_ + row_ : cursor_.line_at(records_.index->begin(records_.field(row_, 0)));
    }
    return tile.count > 0;
  }

 private:
  const Records& records_;
  uint64_t line_;
  bool one_line_each_;
  LineCursor cursor_;
  std::vector<Misfit>::const_iterator misfit_;
  size_t row_ = 0;
};

// One column: the fields of all rows with that number.
class ColumnStudy {
 public:
  ColumnStudy(const Records& records, size_t source, const Repairs& repairs)
      : records_(records),
        source_(source),
        is_last_(source + 1 == records.columns),
        // What could mean NULL, be escaped or be repaired is more than its bytes.
        as_it_stands_(!records.nulls->like_values() && !repairs.of_fields() && !records.index->escaped),
        repairs_(repairs) {}
  void add(const Tile& tile, ColumnInference& type) {
    for (size_t i = 0; i < tile.count; ++i) {
      const RawField raw = raw_field(records_, records_.field(tile.rows[i], source_), is_last_);
      if (as_it_stands_ && type.covers(raw.text)) continue;
      add(raw, tile.lines[i], type);
    }
  }

 private:
  void add(const RawField& raw, uint64_t line, ColumnInference& type) {
    if (!raw.quoted && records_.nulls->contains(raw.text)) return type.add_null(raw.text, line);
    if (type.is_text()) return;
    if (raw.quoted && has_escape(raw.text, *records_.syntax)) {
      text_.clear();
      append_unescaped(raw.text, *records_.syntax, text_);
      return type.add(text_, line);
    }
    if (!repairs_.of_fields() || mend_value(raw.text, true, repairs_, text_).empty()) return type.add(raw.text, line);
    if (records_.nulls->contains(text_))
      type.add_null(text_, line);
    else
      type.add(text_, line);
  }

  const Records& records_;
  size_t source_;
  bool is_last_;
  bool as_it_stands_;
  const Repairs& repairs_;
  std::string text_{};
};

}  // namespace

void study(const Records& records, uint64_t line, const std::vector<size_t>& sources, const Repairs& repairs,
           std::vector<ColumnInference>& types) {
  std::vector<ColumnStudy> columns;
  columns.reserve(sources.size());
  for (const size_t source : sources) columns.emplace_back(records, source, repairs);
  Tiles tiles(records, line);
  Tile tile;
  while (tiles.next(tile))
    for (size_t i = 0; i < columns.size(); ++i) columns[i].add(tile, types[i]);
}

}  // namespace flatbed
