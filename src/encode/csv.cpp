// CSV out. Enters: batches. Leaves: lines.
// Invariant: what is written reads back as the same values, NULL and empty text apart, or is refused.
#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "columns/format.hpp"
#include "encode/csv_cells.hpp"
#include "encode/csv_rules.hpp"
#include "encode/encoder.hpp"
#include "encode/plain_text.hpp"
#include "flatbed/csv.hpp"

namespace flatbed {
namespace {

constexpr size_t kSlack = 2 * Slot::kReadable;  // bytes behind a line that copies of whole slots may write

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

// No branch on the quotes: which texts have them is hard to foresee.
char* put_outside(const Slot& slot, char quote, char* to) noexcept {
  const auto outside = std::bit_cast<OutsideText>(slot);
  *to = quote;
  to += outside.quoted;
  for (size_t at = 0; at < outside.length; at += Slot::kReadable)
    std::memcpy(to + at, outside.text + at, Slot::kReadable);
  to += outside.length;
  *to = quote;
  to += outside.quoted;
  *to = outside.end;
  return to + 1;
}

// Puts the cells of a row together. A slot ends with one byte; what the dialect has instead takes its place.
template <bool kOneByte>
char* put_line(std::span<const Slot> row, const CsvRules& rules, char* to) noexcept {
  for (const Slot& slot : row) {
    const size_t length = slot.bytes[0];
    if (length == Slot::kOutside) {
      to = put_outside(slot, rules.quote, to);
    } else {
      std::memcpy(to, reinterpret_cast<const char*>(&slot + 1) - length, sizeof slot);
      to += length;
    }
    if (!kOneByte && &slot != &row.back()) to = put(rules.delimiter, to - 1);
  }
  return put_short(rules.newline, to - 1);
}

}  // namespace

namespace csv {

struct Writer::Impl {
  CsvRules rules;
  std::string encoding;
  bool has_header;
  CsvCells cells{rules};
  std::unique_ptr<char[]> lines{};
  size_t lines_bytes = 0;

  explicit Impl(const WriterOptions& options)
      : rules(options), encoding(options.dialect.encoding.value), has_header(options.dialect.header.value) {}

  // Most bytes of the slice that is in the cells.
  size_t most_bytes(size_t rows) const {
    const size_t delimiters = cells.row(0).size() * rules.delimiter.size();
    return cells.most_bytes(rows) + rows * (delimiters + rules.newline.size()) + kSlack;
  }

  // Room for the lines of the slice that is in the cells: near, and not cleared as that of a string is.
  char* room(size_t rows) {
    const size_t most = most_bytes(rows);
    if (most > lines_bytes) {
      lines = std::make_unique_for_overwrite<char[]>(most);
      lines_bytes = most;
    }
    return lines.get();
  }

  // Writes rows of the batch, the first of which is the first in the slots.
  char* put_lines(size_t first, size_t rows, char* to) const noexcept {
    const bool one_byte = rules.delimiter.size() == 1;
    for (size_t row = 0; row < rows; ++row) {
      const auto slots = cells.row(row);
      to = one_byte ? put_line<true>(slots, rules, to) : put_line<false>(slots, rules, to);
      if (rules.as_is) to = drop_ending_nulls(first + row, to);
    }
    return to;
  }

  // As it is, a row ends with its last value.
  char* drop_ending_nulls(size_t row, char* end) const noexcept {
    const size_t nulls = std::min(cells.ending_nulls(row), cells.row(0).size() - 1);
    return put_short(rules.newline, end - rules.newline.size() - nulls * rules.delimiter.size());
  }

  static Error refuse(const Batch& batch, size_t row) {
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
  const CsvRules& rules = impl_->rules;
  // A name is quoted as a text of a nullable column would be, so that an empty one is seen.
  CellPlace place{.first = true, .alone = schema.size() == 1};
  for (const Field& field : schema.fields) {
    if (rules.as_is && !field.heading) break;
    const std::string& name = rules.as_is ? *field.heading : field.name;
    if (!place.first) out += rules.delimiter;
    std::string text(2 * name.size() + 8, '\0');
    const char* end = rules.put_as(rules.need_of(name, place), name, text.data());
    out.append(text, 0, static_cast<size_t>(end - text.data()));
    place.first = false;
  }
  if (place.first) return;
  out += rules.newline;
}

Status Writer::write(const Batch& batch, std::string& out) {
  Impl& impl = *impl_;
  if (impl.encoding != "utf-8") {
    return Error{.code = Code::kBadOption,
                 .message = "text is not written in this encoding: " + impl.encoding,
                 .expected = "utf-8"};
  }
  if (batch.columns().empty()) {
    for (size_t row = 0; row < batch.rows(); ++row) out += impl.rules.newline;
    return {};
  }
  if (Status prepared = impl.cells.prepare(batch); !prepared) return prepared;
  for (size_t first = 0; first < batch.rows(); first += impl.cells.most_rows()) {
    const size_t rows = std::min(batch.rows() - first, impl.cells.most_rows());
    if (const auto impossible = impl.cells.fill(first, rows)) return impl.refuse(batch, *impossible);
    char* const lines = impl.room(rows);
    const auto bytes = static_cast<size_t>(impl.put_lines(first, rows, lines) - lines);
    // The rows that are left will be about as long as these.
    if (first == 0) out.reserve(out.size() + bytes / rows * batch.rows() + bytes);
    out.append(lines, bytes);
  }
  return {};
}

}  // namespace csv

namespace {

class CsvEncoder : public Encoder {
 public:
  explicit CsvEncoder(csv::WriterOptions options)
      : formula_safe_(options.formula_safe),
        any_bytes_(options.dialect.encoding.value == kAnyBytes),
        writer_(as_text(std::move(options))) {}
  void begin(const Schema& schema, std::string& out) override { writer_.header(schema, out); }
  Status encode(const Batch& batch, std::string& out) override {
    const size_t before = out.size();
    if (Status status = writer_.write(batch, out); !status || any_bytes_) return status;
    return check_text(batch, std::string_view(out).substr(before));
  }
  void end(std::string&) override {}

  void count_leniencies(const Batch& batch, std::vector<Finding>& leniencies) const override {
    if (!formula_safe_) return;
    std::string formatted;
    for (size_t i = 0; i < batch.columns().size(); ++i) {
      const Column& column = batch.column(i);
      for (size_t row = 0; is_text(column.type.id) && row < column.rows; ++row) {
        if (column.is_null(row)) continue;
        const std::string_view text = text_of(column, row, formatted);
        if (is_formula(text)) add_finding(leniencies, marked(batch, row, i, text));
      }
    }
  }

 private:
  // Most texts are looked at where they lie; those of enums and of fixed lengths are written to `formatted`.
  static std::string_view text_of(const Column& column, size_t row, std::string& formatted) {
    if (is_view(column.type.id)) return column.text(row);
    formatted.clear();
    append_value(column, row, formatted);
    return formatted;
  }

  static Error marked(const Batch& batch, size_t row, size_t index, std::string_view text) {
    return {.code = Code::kRewritten,
            .message = "a ' was put before a text that a spreadsheet would run",
            .where = {.record = batch.record(row),
                      .column = static_cast<uint32_t>(index),
                      .column_name = batch.schema().fields[index].name},
            .found = std::string(text.substr(0, 100)),
            .side = Side::kTarget};
  }

  static csv::WriterOptions as_text(csv::WriterOptions options) {
    if (options.dialect.encoding.value == kAnyBytes) options.dialect.encoding.value = "utf-8";
    return options;
  }

  const bool formula_safe_, any_bytes_;
  csv::Writer writer_;
};

}  // namespace

std::unique_ptr<Encoder> csv_encoder(csv::WriterOptions options) {
  return std::make_unique<CsvEncoder>(std::move(options));
}

}  // namespace flatbed
