// Records as they stand. Enters: a chunk and its index. Leaves: text columns, with NULL where a record ends early.
// Invariant: what a record holds leaves as it came, byte for byte, but for its quotes and escapes.
#include "columns/as_is.hpp"

#include <algorithm>
#include <cstring>

namespace flatbed {
namespace {

bool is_line_end(std::string_view text, uint32_t at) {
  return at == text.size() || text[at] == '\n' || text[at] == '\r';
}

// Reads fields in order; mended ones begin with a quote that is text.
class FieldReader {
 public:
  explicit FieldReader(const Records& records) : records_(records), stray_(records.index->stray.begin()) {}

  RawField read(size_t field, bool last) {
    const std::vector<uint32_t>& stray = records_.index->stray;
    while (stray_ != stray.end() && *stray_ < field) ++stray_;
    RawField raw = raw_field(records_, field, last);
    if (stray_ != stray.end() && *stray_ == field && raw.quoted)
      raw = {std::string_view(raw.text.data() - 1, raw.text.size() + 2), false};
    return raw;
  }

 private:
  const Records& records_;
  std::vector<uint32_t>::const_iterator stray_;
};

// Appends the text of a quoted field; a quote that escapes nothing is text.
void append_mended(std::string_view quoted, const Syntax& syntax, std::string& out) {
  if (syntax.escape != syntax.quote) return append_unescaped(quoted, syntax, out);
  for (size_t at = 0; at < quoted.size(); ++at) {
    out.push_back(quoted[at]);
    if (quoted[at] == syntax.quote && quoted.substr(at + 1).starts_with(syntax.quote)) ++at;
  }
}

// One column under construction.
struct TextColumn {
  explicit TextColumn(size_t rows, const Buffer& chunk) : values(Buffer::allocate(rows * sizeof(TextView))) {
    column.type = {.nullable = true};
    column.rows = rows;
    column.texts = {chunk};
  }

  void set(size_t row, const TextView& view) {
    std::memcpy(values.writable() + row * sizeof(TextView), &view, sizeof view);
  }

  void set_null(size_t row) {
    if (column.validity.empty()) {
      column.validity = Buffer::allocate((column.rows + 7) / 8);
      std::memset(column.validity.writable(), 0xFF, column.validity.size());
    }
    column.validity.writable()[row / 8] &= ~(std::byte{1} << (row % 8));
    ++column.nulls;
    set(row, TextView());
  }

  void set_unescaped(size_t row, std::string_view quoted, const Syntax& syntax) {
    const size_t offset = unescaped.size();
    append_mended(quoted, syntax, unescaped);
    const std::string_view text = std::string_view(unescaped).substr(offset);
    set(row, TextView::of(text, 1, static_cast<uint32_t>(offset)));
  }

  Column finish() && {
    column.values = std::move(values);
    if (!unescaped.empty()) {
      column.texts.push_back(Buffer::allocate(unescaped.size()));
      std::memcpy(column.texts.back().writable(), unescaped.data(), unescaped.size());
    }
    return std::move(column);
  }

  Column column{};
  Buffer values;
  std::string unescaped{};
};

}  // namespace

std::vector<Stretch> find_stretches(std::string_view text, const FieldIndex& index, size_t columns) {
  std::vector<Stretch> stretches;
  stretches.reserve(index.record_ends);
  size_t first = 0;
  for (size_t field = 0; field < index.fields; ++field) {
    const uint32_t end = index.end(field);
    if (!is_line_end(text, end)) continue;
    const uint32_t begin = index.begin(first);
    const bool empty = end == begin || (end == begin + 1 && text[begin] == '\r');
    if (!empty || columns == 1)
      stretches.push_back({static_cast<uint32_t>(first), static_cast<uint32_t>(field - first + 1)});
    first = field + 1;
  }
  return stretches;
}

std::vector<std::string> texts_of(const Records& records, const Stretch& stretch) {
  std::vector<std::string> texts;
  FieldReader reader(records);
  for (uint32_t i = 0; i < stretch.fields; ++i) {
    const RawField raw = reader.read(stretch.first + i, i + 1 == stretch.fields);
    std::string& text = texts.emplace_back();
    if (raw.quoted)
      append_mended(raw.text, *records.syntax, text);
    else
      text = raw.text;
  }
  return texts;
}

void Outline::add(const Records& chunk) {
  uint32_t next = 0;
  for (const Stretch& stretch : find_stretches(chunk.text, *chunk.index, columns_)) {
    // Fields that no record has are those of empty lines.
    add(chunk, stretch, stretch.first != next);
    next = stretch.first + stretch.fields;
  }
}

void Outline::add(const Records& chunk, const Stretch& stretch, bool after_empty_line) {
  if (ended_) return;
  if (after_empty_line && !gap_) {
    gap_ = true;
    gap_at_ = seen_;
    after_gap_ = 0;
  }
  const uint32_t begin = chunk.index->begin(stretch.first);
  const uint32_t end = chunk.index->end(stretch.first + stretch.fields - 1);
  const std::string_view text = chunk.text.substr(begin, end - begin);
  const size_t delimiters = (stretch.fields - 1) * chunk.syntax->delimiter.size();
  const bool empty =
      text.size() <= delimiters + 1 && text.find_first_not_of(chunk.syntax->delimiter + "\r") == text.npos;
  if (!empty && is_header(chunk, stretch)) {
    if (title_) seen_ = filled_ = title_at_;
    ended_ = true;
    return;
  }
  if ((empty || after_empty_line) && !title_) {
    title_ = true;
    title_at_ = seen_;
  }
  if (title_ && !empty && holds_several(chunk, stretch)) title_ = false;
  ++seen_;
  if (empty) return;
  filled_ = seen_;
  if (stretch.fields == columns_) gap_ = false;
  after_gap_ += gap_;
  width_ = std::max<size_t>(width_, stretch.fields);
}

bool Outline::holds_several(const Records& chunk, const Stretch& stretch) const {
  uint32_t filled = 0;
  for (uint32_t i = 0; i < stretch.fields && filled < 2; ++i)
    filled += !raw_field(chunk, stretch.first + i, i + 1 == stretch.fields).text.empty();
  return filled > 1;
}

// A header of one column, or one with no names, may well come again as data.
bool Outline::is_header(const Records& chunk, const Stretch& stretch) const {
  const size_t common = std::min<size_t>(header_.size(), stretch.fields);
  if (common < 2 || header_[0].empty()) return false;
  if (raw_field(chunk, stretch.first, stretch.fields == 1).text != header_[0]) return false;
  const std::vector<std::string> texts = texts_of(chunk, stretch);
  return std::equal(texts.begin(), texts.begin() + static_cast<std::ptrdiff_t>(common), header_.begin());
}

uint64_t Outline::rows() const noexcept {
  if (gap_ && after_gap_ > 0) return gap_at_;
  // One empty record at the end may be data; more of them are what spreadsheets leave.
  return filled_ > 0 && seen_ > filled_ + 1 ? filled_ : seen_;
}

std::vector<Column> build_as_is(const Records& records, const std::vector<Stretch>& stretches,
                                const std::vector<size_t>& sources, const Buffer& chunk) {
  size_t width = 0;
  for (const size_t source : sources) width = std::max(width, source + 1);
  std::vector<std::vector<size_t>> wanted(width);  // of each field, the columns that take it
  std::vector<TextColumn> columns;
  for (const size_t source : sources) {
    wanted[source].push_back(columns.size());
    columns.emplace_back(stretches.size(), chunk);
  }
  FieldReader reader(records);
  for (size_t row = 0; row < stretches.size(); ++row) {
    const auto [first, fields] = stretches[row];
    for (uint32_t i = 0; i < width; ++i) {
      if (wanted[i].empty()) continue;
      RawField raw;
      if (i < fields) raw = reader.read(first + i, i + 1 == fields);
      for (const size_t number : wanted[i]) {
        TextColumn& column = columns[number];
        if (i >= fields)
          column.set_null(row);
        else if (raw.quoted && has_escape(raw.text, *records.syntax))
          column.set_unescaped(row, raw.text, *records.syntax);
        else
          column.set(row, TextView::of(raw.text, 0, static_cast<uint32_t>(raw.text.data() - records.text.data())));
      }
    }
  }
  std::vector<Column> finished;
  for (TextColumn& column : columns) finished.push_back(std::move(column).finish());
  return finished;
}

}  // namespace flatbed
