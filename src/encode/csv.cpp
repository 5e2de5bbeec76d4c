// CSV out. Enters: batches. Leaves: lines.
// Invariant: what is written reads back as the same values, NULL and empty text apart, or is refused.
#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "columns/format.hpp"
#include "columns/nested_text.hpp"
#include "encode/encoder.hpp"
#include "encode/put_text.hpp"
#include "flatbed/csv.hpp"

namespace flatbed {
namespace {

// Characters that the text of a number, time, UUID or address may have.
constexpr std::string_view kValueBytes = "0123456789+-.: abcdefinlrstuZ";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr size_t kSliceRows = 64;  // its lines stay in the nearest cache between resize() and writing

// Sixteen bytes at once; the compiler makes it one register on every CPU we build for.
typedef unsigned char Bytes16 __attribute__((vector_size(16)));

Bytes16 fill(char c) noexcept {
  Bytes16 bytes;
  std::memset(&bytes, c, sizeof(bytes));
  return bytes;
}

// The dialect, in the form that the loops need.
struct Rules {
  std::string delimiter;
  std::string newline;
  char quote = 0;   // 0: nothing quotes
  char escape = 0;  // before a quote inside quotes; 0: a quote cannot stand there
  std::vector<std::string> nulls;
  std::string null_text;      // what stands for NULL
  uint64_t null_lengths = 0;  // bit n: a null text has n bytes (63: or more)
  std::array<Bytes16, 5> special{};
  bool formula_safe = false;
  bool has_escape = false;  // other than the quote
  bool as_is = false;       // a NULL is a field that its row lacks

  explicit Rules(const csv::WriterOptions& options)
      : delimiter(options.dialect.delimiter.value),
        newline(options.dialect.newline.value),
        nulls(options.dialect.nulls.value),
        formula_safe(options.formula_safe),
        as_is(options.as_is) {
    if (as_is) nulls.clear();
    const Dialect& dialect = options.dialect;
    if (!dialect.quote.value.empty()) quote = dialect.quote.value.front();
    if (!dialect.escape.value.empty()) escape = dialect.escape.value.front();
    has_escape = escape != 0 && escape != quote;
    if (std::ranges::find(nulls, "") == nulls.end() && !nulls.empty()) null_text = nulls.front();
    for (const std::string& text : nulls) null_lengths |= uint64_t{1} << std::min<size_t>(text.size(), 63);
    const char first = delimiter.empty() ? '\n' : delimiter.front();
    const char quoting = quote == 0 ? '\n' : quote;
    special = {fill(first), fill(quoting), fill('\n'), fill('\r'), fill(escape == 0 ? '\n' : escape)};
  }

  bool is_null_text(std::string_view text) const noexcept {
    if ((null_lengths >> std::min<size_t>(text.size(), 63) & 1) == 0) return false;
    return std::ranges::find(nulls, text) != nulls.end();
  }

  // Spaces belong to a field (RFC 4180), but many readers, ClickHouse among them, take them off one without quotes.
  bool has_space_at_an_end(std::string_view text) const noexcept {
    const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
    return quote != 0 && !as_is && !text.empty() && (is_space(text.front()) || is_space(text.back()));
  }

  // Values of types other than text need no look at their bytes unless the dialect is made of such bytes.
  bool may_meet_values() const noexcept {
    const auto meets = [](std::string_view text) {
      return !text.empty() && kValueBytes.find(text.front()) != std::string_view::npos;
    };
    return meets(delimiter) || meets({&quote, size_t{quote != 0}}) || meets({&escape, size_t{escape != 0}}) ||
           std::ranges::any_of(nulls, meets);
  }

  // In most dialects the quote escapes itself.
  Bytes16 special_bytes(Bytes16 text) const noexcept {
    const auto signs = (text == special[0]) | (text == special[1]) | (text == special[2]) | (text == special[3]);
    return reinterpret_cast<Bytes16>(has_escape ? signs | (text == special[4]) : signs);
  }
};

bool any(Bytes16 bytes) noexcept {
  std::array<uint64_t, 2> halves{};
  std::memcpy(&halves, &bytes, sizeof(halves));
  return (halves[0] | halves[1]) != 0;
}

// Reads the text and nothing beside it.
bool has_special(std::string_view text, const Rules& rules) noexcept {
  const char* from = text.data();
  size_t left = text.size();
  Bytes16 found{};
  Bytes16 bytes{};
  for (; left >= sizeof(bytes); from += sizeof(bytes), left -= sizeof(bytes)) {
    // Text that needs quotes mostly says so early.
    if (left % 64 < sizeof(bytes) && any(found)) return true;
    std::memcpy(&bytes, from, sizeof(bytes));
    found |= rules.special_bytes(bytes);
  }
  if (left == 0) return any(found);
  if (text.size() >= sizeof(bytes)) {
    std::memcpy(&bytes, text.data() + text.size() - sizeof(bytes), sizeof(bytes));
  } else {
    bytes = Bytes16{};  // no dialect's delimiter or quote is NUL
    std::memcpy(&bytes, from, left);
  }
  return any(found | rules.special_bytes(bytes));
}

// One column of a batch, ready for its loop.
struct Cell {
  const Column* column = nullptr;
  const std::byte* values = nullptr;
  size_t width = 0;
  bool is_view = false;     // kString
  bool is_checked = false;  // its text may need quotes
  bool is_plain = false;    // a text without special bytes needs none, unless it is like that of a NULL
  bool has_nulls = false;
  bool first = false;  // of the line
  bool alone = false;  // on the line: empty text would be an empty line
  ValueFormat format{};
};

enum class Need : uint8_t { kNothing, kQuotes, kImpossible };

Need need_of(std::string_view text, const Cell& cell, const Rules& rules) {
  // An empty field is a good text, and no value of any other type.
  const bool takes_empty = cell.column->type.id == TypeId::kString && !cell.column->type.nullable;
  const bool null_like = rules.is_null_text(text) && !(text.empty() && takes_empty);
  const bool special =
      has_special(text, rules) || (cell.first && text.starts_with(kByteOrderMark)) || rules.has_space_at_an_end(text);
  if (!null_like && !special && !(cell.alone && rules.as_is && text.empty())) return Need::kNothing;
  if (rules.quote == 0) return Need::kImpossible;
  if (rules.escape == 0 && text.find(rules.quote) != std::string_view::npos) {
    // Inside an unquoted field a quote is a quote, if it is not the first byte.
    const bool only_quote = !null_like && text.front() != rules.quote && text.find_first_of("\r\n") == text.npos &&
                            text.find(rules.delimiter) == text.npos;
    return only_quote ? Need::kNothing : Need::kImpossible;
  }
  return Need::kQuotes;
}

// Writes a text of more than 12 bytes and looks at it in one go. Returns null where it holds a special byte.
char* put_plain(const char* from, size_t length, const Rules& rules, char* to) noexcept {
  Bytes16 bytes{};
  Bytes16 found{};
  if (length < sizeof(bytes)) {
    std::array<uint64_t, 2> ends{};
    std::memcpy(&ends[0], from, 8);
    std::memcpy(&ends[1], from + length - 8, 8);
    std::memcpy(&bytes, ends.data(), sizeof(bytes));
    std::memcpy(to, &ends[0], 8);
    std::memcpy(to + length - 8, &ends[1], 8);
    return any(rules.special_bytes(bytes)) ? nullptr : to + length;
  }
  const size_t last = length - sizeof(bytes);
  for (size_t at = 0; at < last; at += sizeof(bytes)) {
    std::memcpy(&bytes, from + at, sizeof(bytes));
    std::memcpy(to + at, &bytes, sizeof(bytes));
    found |= rules.special_bytes(bytes);
    // Long text that needs quotes mostly says so early.
    if (at % 64 == 48 && any(found)) return nullptr;
  }
  std::memcpy(&bytes, from + last, sizeof(bytes));
  std::memcpy(to + last, &bytes, sizeof(bytes));
  return any(found | rules.special_bytes(bytes)) ? nullptr : to + length;
}

char* put_quoted(std::string_view text, const Rules& rules, char* to) noexcept {
  const char* from = text.data();
  const char* const end = from + text.size();
  const char escape = rules.escape == 0 ? rules.quote : rules.escape;
  const Bytes16 quotes = fill(rules.quote), escapes = fill(escape);
  *to++ = rules.quote;
  while (from != end) {
    const auto part = std::min(end - from, static_cast<std::ptrdiff_t>(sizeof(Bytes16)));
    if (part == sizeof(Bytes16)) {
      Bytes16 bytes;
      std::memcpy(&bytes, from, sizeof bytes);
      if (!any(reinterpret_cast<Bytes16>((bytes == quotes) | (bytes == escapes)))) {
        std::memcpy(to, &bytes, sizeof bytes);
        to += sizeof bytes;
        from += sizeof bytes;
        continue;
      }
    }
    for (const char* const last = from + part; from != last; ++from) {
      if (*from == rules.quote || (*from == rules.escape && rules.escape != 0)) *to++ = rules.escape;
      *to++ = *from;
    }
  }
  *to++ = rules.quote;
  return to;
}

bool is_formula(std::string_view text) noexcept {
  return !text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos;
}

bool is_text(TypeId id) noexcept {
  return id == TypeId::kString || id == TypeId::kFixedString || id == TypeId::kEnum8 || id == TypeId::kEnum16;
}

char* put(std::string_view text, char* to) noexcept {
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

// A line end, most often: one or two bytes without a call. May write one byte behind them.
char* put_short(const std::string& text, char* to) noexcept {
  if (text.size() > 2) return put(text, to);
  std::memcpy(to, text.c_str(), 2);
  return to + text.size();
}

}  // namespace

namespace csv {

struct Writer::Impl {
  Rules rules;
  std::string encoding;
  bool has_header;
  std::vector<Cell> cells{};
  std::vector<Column> nested{};  // their text
  size_t fixed_bytes = 0;        // most bytes of a line without its views
  std::string scratch{};         // one value whose text must be looked at
  bool impossible = false;

  explicit Impl(const WriterOptions& options)
      : rules(options), encoding(options.dialect.encoding.value), has_header(options.dialect.header.value) {}

  Status prepare(const Batch& batch) {
    cells.clear();
    nested.clear();
    nested.reserve(batch.columns().size());
    fixed_bytes = rules.newline.size() + kPutTextSlack;
    const bool checked = rules.may_meet_values();
    for (const Column& given : batch.columns()) {
      const Column& column = is_read_from_text(given.type.id) ? nested.emplace_back(texts_of(given)) : given;
      Cell cell{.column = &column, .values = column.values.data(), .width = byte_width(column.type)};
      cell.first = cells.empty();
      cell.alone = batch.columns().size() == 1;
      cell.is_view = column.type.id == TypeId::kString;
      cell.is_checked = checked || is_text(column.type.id);
      cell.is_plain = !cell.first && !rules.formula_safe;
      cell.has_nulls = column.nulls != 0;
      if (!cell.is_view) {
        auto format = ValueFormat::of(column.type);
        if (!format) return in_column(format.error(), batch, cells.size());
        cell.format = *format;
        fixed_bytes += (cell.is_checked ? 2 : 1) * format->most();
        scratch.resize(std::max(scratch.size(), format->most() + 1));
      }
      if (column.nulls != 0 && rules.nulls.empty() && !rules.as_is) {
        return in_column({.code = Code::kInexact,
                          .message = "a NULL cannot be written: the dialect has no text for it",
                          .hint = "give the dialect a null text, such as \\N"},
                         batch, cells.size());
      }
      fixed_bytes += rules.null_text.size() + rules.delimiter.size() + 3;  // quotes and a '
      cells.push_back(cell);
    }
    return {};
  }

  static Error in_column(Error error, const Batch& batch, size_t index) {
    error.where.column = static_cast<uint32_t>(index);
    error.where.column_name = batch.schema().fields[index].name;
    return error;
  }

  // Most bytes that rows `first` to `last` take.
  size_t most_bytes(size_t first, size_t last) const {
    size_t most = (last - first) * fixed_bytes;
    for (const Cell& cell : cells) {
      if (!cell.is_view) continue;
      const auto views = cell.column->as<TextView>().subspan(first, last - first);
      for (const TextView& view : views) most += 2 * size_t{view.length};
    }
    return most + kPutTextSlack;
  }

  char* put_checked(std::string_view text, const Cell& cell, char* to) {
    std::string safe;
    if (rules.formula_safe && is_text(cell.column->type.id) && is_formula(text)) {
      safe = '\'' + std::string(text);
      text = safe;
    }
    const Need need = need_of(text, cell, rules);
    impossible = impossible || need == Need::kImpossible;
    if (need == Need::kQuotes) return put_quoted(text, rules, to);
    return put(text, to);
  }

  char* put_view(const Cell& cell, size_t row, char* to) {
    const TextView& view = reinterpret_cast<const TextView*>(cell.values)[row];
    const uint32_t length = view.length;
    const std::string_view text = cell.column->text(row);
    const bool like_null = (rules.null_lengths >> std::min(length, 63u) & 1) != 0;
    if (!cell.is_plain || like_null || rules.has_space_at_an_end(text)) return put_checked(text, cell, to);
    if (length > TextView::kInlineBytes) {
      if (char* const end = put_plain(text.data(), length, rules, to)) return end;
    } else {
      Bytes16 bytes;
      std::memcpy(&bytes, &view, sizeof(bytes));
      constexpr Bytes16 kNotLength = {0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
      std::memcpy(to, view.inlined, TextView::kInlineBytes);
      if (!any(rules.special_bytes(bytes & kNotLength))) return to + length;
    }
    if (rules.quote != 0 && rules.escape != 0) return put_quoted(text, rules, to);
    return put_checked(text, cell, to);
  }

  char* put_cell(const Cell& cell, size_t row, char* to) {
    if (cell.has_nulls && cell.column->is_null(row)) return put(rules.null_text, to);
    if (!cell.is_checked) return cell.format.put(cell.values + row * cell.width, to);
    if (cell.is_view) return put_view(cell, row, to);
    const char* end = cell.format.put(cell.values + row * cell.width, scratch.data());
    return put_checked({scratch.data(), static_cast<size_t>(end - scratch.data())}, cell, to);
  }

  // The cells of a row; as it is, a row ends with its last value.
  std::span<const Cell> cells_of(size_t row) const {
    std::span<const Cell> all(cells);
    while (rules.as_is && !all.empty() && all.back().column->is_null(row)) all = all.first(all.size() - 1);
    return all;
  }

  char* put_row(size_t row, char* to) {
    const char delimiter = rules.delimiter.empty() ? '\0' : rules.delimiter.front();
    const bool plain = rules.delimiter.size() == 1;
    for (const Cell& cell : cells_of(row)) {
      if (!cell.first) {
        *to = delimiter;
        to = plain ? to + 1 : put(rules.delimiter, to);
      }
      to = put_cell(cell, row, to);
    }
    return put_short(rules.newline, to);
  }

  Error refuse(const Batch& batch, size_t row) {
    Error error{.code = Code::kInexact,
                .message = "a text of the row cannot be written: the dialect has no way to quote it",
                .hint = "choose a quote and an escape, such as --quote '\"'"};
    error.where.record = batch.record(row);
    return error;
  }
};

Writer::Writer(WriterOptions options) : impl_(std::make_unique<Impl>(options)) {}
Writer::~Writer() = default;
Writer::Writer(Writer&&) noexcept = default;
Writer& Writer::operator=(Writer&&) noexcept = default;

void Writer::header(const Schema& schema, std::string& out) {
  if (!impl_->has_header) return;
  const Rules& rules = impl_->rules;
  // A name is quoted as a text of a nullable column would be, so that an empty one is seen.
  const Column nullable{.type = {.nullable = true}};
  Cell cell{.column = &nullable, .first = true, .alone = schema.size() == 1};
  for (const Field& field : schema.fields) {
    if (rules.as_is && !field.heading) break;
    const std::string& name = rules.as_is ? *field.heading : field.name;
    if (!cell.first) out += rules.delimiter;
    std::string text(2 * name.size() + 2, '\0');
    const bool quotes = need_of(name, cell, rules) == Need::kQuotes;
    const char* end = quotes ? put_quoted(name, rules, text.data()) : put(name, text.data());
    out.append(text, 0, static_cast<size_t>(end - text.data()));
    cell.first = false;
  }
  if (cell.first) return;
  out += rules.newline;
}

Status Writer::write(const Batch& batch, std::string& out) {
  Impl& impl = *impl_;
  if (impl.encoding != "utf-8") {
    return Error{.code = Code::kBadOption,
                 .message = "text is not written in this encoding: " + impl.encoding,
                 .expected = "utf-8"};
  }
  if (Status prepared = impl.prepare(batch); !prepared) return prepared;
  impl.impossible = false;
  for (size_t first = 0; first < batch.rows(); first += kSliceRows) {
    const size_t last = std::min(batch.rows(), first + kSliceRows);
    const size_t begin = out.size();
    out.resize(begin + impl.most_bytes(first, last));
    char* to = out.data() + begin;
    for (size_t row = first; row < last; ++row) {
      to = impl.put_row(row, to);
      if (!impl.impossible) continue;
      out.resize(begin);
      return impl.refuse(batch, row);
    }
    out.resize(static_cast<size_t>(to - out.data()));
  }
  return {};
}

}  // namespace csv

namespace {

class CsvEncoder : public Encoder {
 public:
  explicit CsvEncoder(csv::WriterOptions options) : formula_safe_(options.formula_safe), writer_(std::move(options)) {}
  void begin(const Schema& schema, std::string& out) override { writer_.header(schema, out); }
  Status encode(const Batch& batch, std::string& out) override { return writer_.write(batch, out); }
  void end(std::string&) override {}

  void count_leniencies(const Batch& batch, std::vector<Finding>& leniencies) const override {
    if (!formula_safe_) return;
    std::string text;
    for (size_t i = 0; i < batch.columns().size(); ++i) {
      const Column& column = batch.column(i);
      for (size_t row = 0; is_text(column.type.id) && row < column.rows; ++row) {
        text.clear();
        if (!column.is_null(row)) append_value(column, row, text);
        if (is_formula(text)) add_finding(leniencies, marked(batch, row, i, text));
      }
    }
  }

 private:
  static Error marked(const Batch& batch, size_t row, size_t index, const std::string& text) {
    return {.code = Code::kRewritten,
            .message = "a ' was put before a text that a spreadsheet would run",
            .where = {.record = batch.record(row),
                      .column = static_cast<uint32_t>(index),
                      .column_name = batch.schema().fields[index].name},
            .found = text.substr(0, 100),
            .side = Side::kTarget};
  }

  const bool formula_safe_;
  csv::Writer writer_;
};

}  // namespace

std::unique_ptr<Encoder> csv_encoder(csv::WriterOptions options) {
  return std::make_unique<CsvEncoder>(std::move(options));
}

}  // namespace flatbed
