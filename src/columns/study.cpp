// What types fields can have. Enters: the records of a chunk. Leaves: what is known of each column's type, with lines.
// Rows are looked at in tiles that stay in the first-level cache, all columns of a tile before the next one. Most
// fields add nothing to what the fields before them told: the loops that read typed columns find these.
#include "columns/study.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

#include "columns/rejects.hpp"

namespace flatbed {
namespace {

// Some rows, one behind the other.
struct Tile {
  size_t row = 0;
  size_t count = 0;
  uint64_t good = 0;  // a bit for each that is no misfit
  uint64_t lines[KnownFields::kMostRows];
};

// Cuts the rows of a chunk into tiles.
class Tiles {
 public:
  Tiles(const Records& records, uint64_t line)
      : records_(records),
        line_(line),
        one_line_each_(records.first.empty() && records.index->lines == records.index->record_ends),
        cursor_(records.text, line),
        misfit_(records.misfits.begin()) {}
  bool next(Tile& tile) {
    tile.row += tile.count;
    tile.count = std::min(KnownFields::kMostRows, records_.rows - tile.row);
    tile.good = 0;
    for (size_t i = 0; i < tile.count; ++i) {
      const size_t row = tile.row + i;
      if (misfit_ != records_.misfits.end() && misfit_->record == row) {
        ++misfit_;
        continue;
      }
      tile.good |= uint64_t{1} << i;
      tile.lines[i] = one_line_each_ ? line_ + row : cursor_.line_at(records_.index->begin(records_.field(row, 0)));
    }
    return tile.count > 0;
  }

 private:
  const Records& records_;
  uint64_t line_;
  bool one_line_each_;
  LineCursor cursor_;
  std::vector<Misfit>::const_iterator misfit_;
};

// One column: the fields of all rows with that number. What the typed loops read and inference knows is passed over in
// tiles; the other fields are looked at one by one.
class ColumnStudy {
 public:
  ColumnStudy(const Records& records, size_t source, const Repairs& repairs)
      : records_(records),
        source_(source),
        is_last_(source + 1 == records.columns),
        // What could mean NULL, be escaped or be repaired is more than its bytes.
        as_it_stands_(!records.may_look_like_values() && !repairs.of_fields() && !records.index->escaped),
        repairs_(repairs),
        known_(records, source) {}

  void add(const Tile& tile, ColumnInference& type) {
    uint64_t left = tile.good;
    if (left == 0) return;
    if (as_it_stands_ && !records_.syntax->spaces) left &= ~known_.find(tile.row, tile.count, type);
    for (; left != 0; left &= left - 1) {
      const auto i = static_cast<size_t>(std::countr_zero(left));
      const RawField raw = raw_field(records_, records_.field(tile.row + i, source_), is_last_);
      if (!as_it_stands_ || !type.covers(raw.text)) add(raw, tile.lines[i], type);
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
  KnownFields known_;
  std::string text_{};
};

}  // namespace

// Yes or no for each row.
struct KnownFields::Flags {
  uint8_t bytes[kMostRows] = {};
  // Of eight bytes at a time, one multiplication puts the lowest bits side by side.
  uint64_t bits() const noexcept {
    uint64_t bits = 0;
    for (size_t i = 0; i < kMostRows; i += 8) {
      uint64_t word;
      std::memcpy(&word, bytes + i, sizeof word);
      bits |= (word * 0x0102040810204080u) >> 56 << i;
    }
    return bits;
  }
};

KnownFields::KnownFields(const Records& records, size_t source)
    : records_(records), source_(source), spans_(spans_of(records, source)) {}

uint64_t KnownFields::find(size_t row, size_t count, const ColumnInference& type) {
  if (type.is_text()) return not_null(row, count);
  if (changes_ != type.changes()) {
    changes_ = type.changes();
    covered_ = type.covered();
    loop_ = covered_.type.id == TypeId::kString ? nullptr
                                                : fast_loop(*records_.syntax, covered_.type, records_.first.empty());
  }
  if (loop_ == nullptr) return 0;
  const uint64_t read = ~read_values(row, count);
  if (covered_.type.id == TypeId::kDate) return read & in_range<uint16_t>(count);
  return read & in_range<int64_t>(count) & plainly_written(row, count);
}

uint64_t KnownFields::read_values(size_t row, size_t count) {
  if (records_.first.empty())
    spans_.bounds = bounds_of(row);
  else
    spans_.first = records_.first.data() + row;
  uint64_t unread = 0;
  const SlowField slow = {[](void* bits, size_t at) { *static_cast<uint64_t*>(bits) |= uint64_t{1} << at; }, &unread};
  loop_(spans_, covered_.type, values_, 0, count, slow);
  return unread;
}

template <class T>
uint64_t KnownFields::in_range(size_t count) const {
  Flags flags;
  for (size_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, values_ + i * sizeof value, sizeof value);
    flags.bytes[i] = value >= covered_.low && value <= covered_.high;
  }
  return flags.bits();
}

// The first bytes of all fields are fetched, then compared, which the compiler does for several at a time.
uint64_t KnownFields::plainly_written(size_t row, size_t count) const {
  uint32_t heads[kMostRows], sizes[kMostRows];
  for (size_t i = 0; i < count; ++i) {
    const uint32_t* const at = bounds_of(row + i);
    const size_t begin = size_t{at[0]} + 1;
    // A field at the very end of the text is left to others, as an empty one is.
    const bool inside = begin + sizeof heads[i] <= spans_.size;
    sizes[i] = inside ? at[1] - at[0] - 1 : 0;
    heads[i] = 0;
    if (inside) std::memcpy(&heads[i], spans_.text + begin, sizeof heads[i]);
  }
  Flags flags;
  const uint32_t quote = static_cast<unsigned char>(spans_.quote), signs = covered_.unsigned_only;
  for (size_t i = 0; i < count; ++i) {
    const uint32_t first = heads[i] & 0xFF, sign = first == '-';
    const uint32_t digits = heads[i] >> (8 * sign);
    const uint32_t zero =
        uint32_t{(digits & 0xFF) == '0'} & uint32_t{((digits >> 8) & 0xFF) - '0' <= 9} & uint32_t{sizes[i] > 1 + sign};
    const uint32_t other = uint32_t{sizes[i] == 0} | uint32_t{first == quote} | zero | (sign & signs);
    flags.bytes[i] = static_cast<uint8_t>(other ^ 1);
  }
  return flags.bits();
}

uint64_t KnownFields::not_null(size_t row, size_t count) const {
  uint64_t bits = 0;
  for (size_t i = 0; i < count; ++i) {
    const uint32_t* const at = bounds_of(row + i);
    const bool empty = at[1] - at[0] - 1 <= spans_.delimiter_rest;
    const char first = empty ? '\0' : spans_.text[at[0] + 1];
    bits |= uint64_t{!empty && first != '\r' && !spans_.null_begins[static_cast<unsigned char>(first)]} << i;
  }
  return bits;
}

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
