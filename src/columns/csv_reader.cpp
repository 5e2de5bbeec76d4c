// The zero-copy reader. Enters: bytes of the caller. Leaves: one record after the other, as views into those bytes.
// Invariant: a record shows what a source of rows would read; one that is no row ends the iteration with its error.
#include <algorithm>
#include <deque>

#include "columns/rejects.hpp"
#include "flatbed/csv.hpp"

namespace flatbed::csv {

namespace {
constexpr size_t kWindowBytes = size_t{256} << 10;  // with its index it fits the second-level cache
constexpr size_t kMostBytes = size_t{1} << 30;
}  // namespace

// The window of bytes that is indexed now, and what leads to the next one.
struct Reader::Impl {
  Impl(std::string_view bytes, const Dialect& dialect);
  void skip_line();
  void read_header();
  bool fill();
  size_t width_of_first() const;
  Error misfit();
  std::string_view field(size_t number, bool last, uint64_t record);
  std::string_view unescape(std::string_view quoted, uint64_t record);
  // The number in the index of a field of a record.
  size_t number_of(const uint32_t* bounds, size_t index) const noexcept {
    return static_cast<size_t>(bounds - chunk.index.bounds()) + index;
  }

  std::string_view bytes;
  Dialect dialect;
  Syntax syntax{};
  NullTokens nulls{};
  Status status{};
  std::vector<std::string> header{};
  Chunk chunk{};
  Records records{};
  size_t simple_fields = 0;             // of each record of the window: see Row
  size_t base = 0;                      // where the window begins
  size_t row = 0;                       // the next record of the window
  uint64_t number = 0;                  // of that record
  std::deque<std::string> unescaped{};  // room for fields of a record; a deque does not move what views point into
  size_t unescaped_fields = 0;          // of the record that was last asked for one
  uint64_t unescaped_record = 0;
};

Reader::Impl::Impl(std::string_view bytes, const Dialect& dialect) : bytes(bytes), dialect(dialect) {
  auto made = make_syntax(dialect);
  if (!made) {
    status = std::move(made).error();
    return;
  }
  syntax = std::move(*made);
  records.syntax = &syntax;
  records.nulls = &nulls;
  records.index = &chunk.index;
  if (bytes.starts_with("\xEF\xBB\xBF")) base = 3;
  for (uint32_t i = 0; i < dialect.skip_rows.value && base < bytes.size(); ++i) skip_line();
  // Empty lines before the first record are none of the table.
  while (base < bytes.size() && (bytes[base] == '\n' || bytes[base] == '\r')) skip_line();
  if (fill() && dialect.header.value) read_header();
}

void Reader::Impl::skip_line() {
  const size_t end = std::min(bytes.find_first_of("\r\n", base), bytes.size() - 1);
  base = end + (bytes.substr(end).starts_with("\r\n") ? 2 : 1);
  ++chunk.line;
}

void Reader::Impl::read_header() {
  if (!records.misfits.empty() && records.misfits[0].record == 0) {
    status = misfit();
    return;
  }
  for (size_t i = 0; i < records.columns; ++i) {
    const std::string_view name = field(i, i + 1 == records.columns, 0);
    header.push_back(name.empty() ? "column_" + std::to_string(i + 1) : std::string(name));
  }
  row = 1;
}

// Counts the fields of the window's first record, which the others must have too.
size_t Reader::Impl::width_of_first() const {
  size_t width = 1;
  for (;; ++width) {
    const uint32_t end = chunk.index.end(width - 1);
    if (end == records.text.size() || records.text[end] == '\n' || records.text[end] == '\r') return width;
  }
}

// Indexes the next window; false at the end of the bytes.
bool Reader::Impl::fill() {
  base += chunk.index.consumed;
  chunk.line += chunk.index.lines;
  row = 0;
  for (size_t window = kWindowBytes; base < bytes.size() && window <= kMostBytes; window *= 2) {
    const bool whole = bytes.size() - base <= window;
    index_fields(bytes.substr(base, window), syntax, whole, chunk.index);
    if (chunk.index.consumed == 0) continue;
    chunk.byte = base;
    records.text = bytes.substr(base, chunk.index.consumed);
    if (records.columns == 0) records.columns = width_of_first();
    find_records(records);
    simple_fields =
        syntax.spaces || syntax.backslashes || syntax.delimiter.size() > 1 ? 0 : records.columns - chunk.index.returns;
    return true;
  }
  if (base < bytes.size())
    status = Error{.code = Code::kRowTooWide,
                   .message = "a record is larger than " + std::to_string(kMostBytes) + " bytes",
                   .where = {.byte = base, .line = chunk.line}};
  chunk.index.reset(0);
  records.rows = 0;
  return false;
}

// The error of the next record, the window's first misfit.
Error Reader::Impl::misfit() {
  Error error = std::move(make_rejects({}, dialect.header.value, chunk, records, {}, {})[0]);
  error.where.record = number;
  return error;
}

std::string_view Reader::Impl::field(size_t field_number, bool last, uint64_t record) {
  const RawField raw = raw_field(records, field_number, last);
  return raw.quoted && chunk.index.escaped ? unescape(raw.text, record) : raw.text;
}

std::string_view Reader::Impl::unescape(std::string_view quoted, uint64_t record) {
  if (!has_escape(quoted, syntax)) return quoted;
  if (record != unescaped_record) unescaped_fields = 0;
  unescaped_record = record;
  if (unescaped_fields == unescaped.size()) unescaped.emplace_back();
  std::string& room = unescaped[unescaped_fields++];
  const size_t most = quoted.size() + kUnescapeSlack;
  if (room.size() < most) room.resize(most);
  return {room.data(), put_unescaped(quoted, syntax, room.data())};
}

Reader::Reader(std::string_view bytes, Dialect dialect) : impl_(std::make_unique<Impl>(bytes, dialect)) {}
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;
Reader::~Reader() = default;

const std::vector<std::string>& Reader::header() const noexcept {
  return impl_->header;
}

const Status& Reader::status() const noexcept {
  return impl_->status;
}

bool Reader::advance() {
  Impl& impl = *impl_;
  if (!impl.status) return false;
  while (impl.row == impl.records.rows) {
    if (!impl.fill()) return false;
  }
  const Records& records = impl.records;
  if (!records.misfits.empty() && records.misfits[0].record == impl.row) {
    impl.status = impl.misfit();
    return false;
  }
  const bool last = impl.row + 1 == records.rows;
  // Behind an empty field at the end of the bytes is no byte to look at.
  const bool at_end = last && impl.base + impl.chunk.index.consumed == impl.bytes.size();
  row_.reader_ = this;
  row_.text_ = records.text.data();
  row_.bounds_ = impl.chunk.index.bounds() + records.field(impl.row, 0);
  row_.fields_ = records.columns;
  row_.simple_fields_ = at_end ? 0 : impl.simple_fields;
  row_.escaped_ = impl.chunk.index.escaped;
  row_.quote_ = impl.syntax.quotes ? static_cast<unsigned char>(impl.syntax.quote) : -1;
  row_.record_ = impl.number;
  following_ = last || !records.first.empty() ? 0 : records.rows - impl.row - 2;
  impl.row += following_ + 1;
  impl.number += following_ + 1;
  return true;
}

Reader::iterator Reader::begin() {
  iterator it;
  it.reader_ = this;
  return ++it;
}

std::string_view Row::field(size_t index) const {
  Reader::Impl& impl = *reader_->impl_;
  return impl.field(impl.number_of(bounds_, index), index + 1 == fields_, record_);
}

std::string_view Row::unescaped(std::string_view quoted) const {
  return reader_->impl_->unescape(quoted, record_);
}

std::string_view Row::operator[](std::string_view name) const {
  const auto& header = reader_->header();
  const auto found = std::ranges::find(header, name);
  const auto index = static_cast<size_t>(found - header.begin());
  return index < fields_ ? (*this)[index] : std::string_view();
}

bool Row::quoted(size_t index) const noexcept {
  const Reader::Impl& impl = *reader_->impl_;
  return raw_field(impl.records, impl.number_of(bounds_, index), index + 1 == fields_).quoted;
}

Location Row::locate(size_t index) const {
  const Reader::Impl& impl = *reader_->impl_;
  const uint32_t begin = impl.chunk.index.begin(impl.number_of(bounds_, index));
  Location where{.byte = impl.base + begin,
                 .line = impl.chunk.line + count_lines(impl.records.text.substr(0, begin)),
                 .record = record_,
                 .column = static_cast<uint32_t>(index)};
  if (index < impl.header.size()) where.column_name = impl.header[index];
  return where;
}

Result<size_t> Row::column(std::string_view name) const {
  const auto& header = reader_->header();
  const auto found = std::ranges::find(header, name);
  const auto index = static_cast<size_t>(found - header.begin());
  if (found != header.end() && index < fields_) return index;
  Error error{.code = Code::kUnknownColumn, .message = "no column has this name: " + std::string(name)};
  const std::string near = nearest_name(name, header);
  if (!near.empty()) error.hint = "did you mean " + near + "?";
  return error;
}

Error Row::bad_value(size_t index, Code code, std::string_view type) const {
  Error error{.code = code, .where = locate(index), .expected = std::string(type), .raw = std::string((*this)[index])};
  error.message = code == Code::kOutOfRange ? "the value lies outside of the range of the type: "
                                            : "the text is no " + std::string(type) + ": ";
  error.message += "'" + error.raw + "'";
  return error;
}

}  // namespace flatbed::csv
