// The column loops. Enters: the records of a chunk and the plans of the wanted columns. Leaves: columns, and the fields
// that are no values. Invariant: a loop's fast shape gives what parse_value() gives; every other shape goes to it.
// Rows are read in tiles that stay in the first-level cache, all columns of a tile before the next one.
#include "columns/column_loops.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "columns/nested_text.hpp"
#include "columns/parse.hpp"
#include "columns/swar.hpp"

namespace flatbed {
namespace {

constexpr size_t kTileRows = 256;
// How far the fast shapes look before the end of a field, and after the begin of a text.
constexpr uint32_t kLookBehind = 20;
constexpr uint32_t kLookAhead = 12;

// Nested values are taken as text by the loops, and read when the column is whole.
Type text_first(const Type& type) {
  return is_read_from_text(type.id) ? Type{.nullable = type.nullable} : type;
}

struct State;
using Loop = void (*)(State&, size_t row, size_t last);

// A column while it is made.
struct State {
  State(const ColumnPlan& plan, uint32_t number, const Records& records, std::vector<Failure>& failures,
        std::vector<Failure>& mended)
      : plan(plan),
        number(number),
        records(records),
        failures(failures),
        mended(mended),
        text(records.text.data()),
        bounds(records.index->bounds() + plan.source),
        is_last(plan.source + 1 == records.columns),
        delimiter_rest(is_last ? 0 : static_cast<uint32_t>(records.syntax->delimiter.size() - 1)),
        returns(is_last && records.index->returns),
        type(text_first(plan.field.type)),
        width(byte_width(type)) {
    column.type = type;
    column.rows = records.rows;
    column.values = Buffer::allocate(records.rows * width);
    values = column.values.writable();
  }

  std::byte* value(size_t row) const { return values + row * width; }

  void set_null(size_t row) {
    std::memset(value(row), 0, width);
    if (column.nulls++ == 0) {
      column.validity = Buffer::allocate((column.rows + 7) / 8);
      std::memset(column.validity.writable(), 0xFF, column.validity.size());
    }
    column.validity.writable()[row / 8] &= ~std::byte(1u << (row % 8));
  }

  void fail(size_t row, Code code) {
    std::memset(value(row), 0, width);
    failures.push_back({.row = static_cast<uint32_t>(row), .column = number, .code = code});
  }

  const ColumnPlan& plan;
  uint32_t number;
  const Records& records;
  std::vector<Failure>& failures;
  std::vector<Failure>& mended;
  const char* text;
  const uint32_t* bounds;  // of the column's field in record 0
  bool is_last;
  uint32_t delimiter_rest;
  bool returns;  // a CR may stand before the end of the field
  Type type;     // of the values that the loop makes
  size_t width;
  bool checked = true;  // no text of the chunk can hold a NUL byte or bytes that are not UTF-8
  Column column{};
  std::byte* values = nullptr;
  std::string unescaped{};  // texts that had escapes: text buffer 1
  std::string scratch{};
};

struct Span {
  uint32_t begin, end;
  size_t size() const { return end - begin; }
};

// The spans of a column. A copy, so that the values a loop writes cannot be taken for changes of it.
template <bool kRectangular>
class Cells {
 public:
  explicit Cells(const State& s)
      : text(s.text),
        bounds_(s.bounds),
        first_(s.records.first.data()),
        columns_(s.records.columns),
        delimiter_rest_(s.delimiter_rest),
        returns_(s.returns) {}
  Span operator[](size_t row) const {
    const uint32_t* at = bounds_ + (kRectangular ? row * columns_ : first_[row]);
    Span span{at[0] + 1, at[1] - delimiter_rest_};
    if (returns_ && span.end > span.begin && text[span.end - 1] == '\r') --span.end;
    return span;
  }
  const char* const text;

 private:
  const uint32_t* bounds_;
  const uint32_t* first_;
  size_t columns_;
  uint32_t delimiter_rest_;
  bool returns_;
};

RawField raw_of(const State& s, size_t row) {
  return raw_field(s.records, s.records.field(row, s.plan.source), s.is_last);
}

bool is_numeric(TypeId id) {
  return id >= TypeId::kInt8 && id <= TypeId::kDecimal256;
}

// Tries the repairs that were asked for on a field that is no value; false when they do not help.
bool mend(State& s, size_t row, std::string_view text) {
  std::string value;
  const Type& type = s.type;
  const std::vector<Code> done = mend_value(text, is_numeric(type.id), s.plan.repairs, value);
  if (done.empty()) return false;
  if (type.nullable && s.records.nulls->contains(value))
    s.set_null(row);
  else if (parse_value(value, type, s.value(row)) != Code::kOk)
    return false;
  for (const Code code : done)
    s.mended.push_back({.row = static_cast<uint32_t>(row), .column = s.number, .code = code});
  return true;
}

// Reads a value of any shape.
void read_value(State& s, size_t row) {
  const RawField raw = raw_of(s, row);
  if (!raw.quoted && s.records.nulls->contains(raw.text)) {
    if (s.type.nullable) return s.set_null(row);
    return s.fail(row, Code::kNotNull);
  }
  std::string_view text = raw.text;
  if (raw.quoted && has_escape(text, *s.records.syntax)) {
    s.scratch.clear();
    append_unescaped(text, *s.records.syntax, s.scratch);
    text = s.scratch;
  }
  char date[10];
  if (s.plan.date_order != DateOrder::kNone && put_year_first(text, s.plan.date_order, date))
    text = {date, sizeof date};
  const Code code = parse_value(text, s.type, s.value(row));
  if (code != Code::kOk && !(s.plan.repairs.of_fields() && mend(s, row, text))) s.fail(row, code);
}

void read_values(State& s, size_t row, size_t last) {
  for (; row < last; ++row) read_value(s, row);
}

// Reads fixed-width values; `fast` returns false for what it does not know.
template <bool kRectangular, class Fast>
void read_fast(State& s, size_t row, size_t last) {
  const Fast fast(s.type);
  const Cells<kRectangular> cells(s);
  std::byte* const values = s.values;
  for (; row < last; ++row) {
    const Span span = cells[row];
    if (span.end < kLookBehind || !fast(cells.text + span.begin, span.size(), values + row * Fast::kWidth)) [[unlikely]]
      read_value(s, row);
  }
}

template <class T>
struct FastInteger {
  static constexpr size_t kWidth = sizeof(T);
  explicit FastInteger(const Type&) {}
  bool operator()(const char* begin, size_t length, std::byte* out) const {
    const bool negative = std::is_signed_v<T> && length != 0 && *begin == '-';
    uint64_t digits = 0;
    if (!read_digits16(begin + length, length - negative, digits)) return false;
    if (digits > static_cast<uint64_t>(std::numeric_limits<T>::max())) return false;
    const T value = static_cast<T>(negative ? T{0} - static_cast<T>(digits) : static_cast<T>(digits));
    std::memcpy(out, &value, sizeof value);
    return true;
  }
};

// Knows decimals with all their places, or without a point: "12.50" and "12" for scale 2.
template <size_t kBytes>
struct FastDecimal {
  static constexpr size_t kWidth = kBytes;
  explicit FastDecimal(const Type& type) : scale(type.scale) {
    for (size_t i = 0; i < scale; ++i) power *= 10;
    for (size_t i = type.scale; i < type.precision && most < 99999999; ++i) most = most * 10 + 9;
    // Shifting by all 64 bits is undefined.
    places_mask = scale == 0 ? 0 : ~uint64_t{0} << (64 - 8 * scale);
  }
  bool operator()(const char* begin, size_t length, std::byte* out) const {
    const bool negative = length != 0 && *begin == '-';
    const size_t unsigned_length = length - negative;
    uint64_t magnitude = 0;
    if (!read_magnitude(begin + length, unsigned_length, magnitude)) return false;
    const auto value = static_cast<int64_t>(magnitude);
    write(negative ? -value : value, out);
    return true;
  }

 private:
  bool read_magnitude(const char* end, size_t length, uint64_t& magnitude) const {
    uint32_t whole = 0, places = 0;
    if (scale != 0 && length > scale + 1 && end[-1 - static_cast<ptrdiff_t>(scale)] == '.') {
      if (length <= 9) return read_short(end, length, magnitude);
      if (!read_digits8(end - scale - 1, length - scale - 1, whole) || !read_digits8(end, scale, places)) return false;
    } else if (!read_digits8(end, length, whole)) {
      return false;
    }
    magnitude = whole * power + places;
    return whole <= most;
  }
  // Up to eight digits and a point: two words, one byte apart, close the gap that the point leaves.
  bool read_short(const char* end, size_t length, uint64_t& magnitude) const {
    const uint64_t word = (load8(end - 8) & places_mask) | (load8(end - 9) & ~places_mask);
    const unsigned drop = 8 * static_cast<unsigned>(9 - length);
    const uint64_t digits = (digits_of(word) >> drop) << drop;
    magnitude = join_digits(digits);
    return are_digits(digits) && magnitude < (most + uint64_t{1}) * power;
  }
  static void write(int64_t value, std::byte* out) {
    std::memcpy(out, &value, std::min<size_t>(kWidth, 8));
    if constexpr (kWidth > 8) std::memset(out + 8, value < 0 ? 0xFF : 0, kWidth - 8);
  }
  size_t scale;
  uint64_t places_mask = 0;  // the bytes of a word that come after the point
  uint64_t power = 1;
  uint32_t most = 0;  // greatest whole part of up to 8 digits
};

template <class T>
struct FastDate {
  static constexpr size_t kWidth = sizeof(T);
  explicit FastDate(const Type&) {}
  bool operator()(const char* begin, size_t length, std::byte* out) const {
    int32_t days = 0;
    if (length != 10 || !read_date(begin, days) || !std::in_range<T>(days)) return false;
    const auto value = static_cast<T>(days);
    std::memcpy(out, &value, sizeof value);
    return true;
  }
};

// Knows "YYYY-MM-DD hh:mm:ss" in UTC, with "T" or "Z" or both, and with all the places of DateTime64.
template <class T>
struct FastTime {
  static constexpr size_t kWidth = sizeof(T);
  explicit FastTime(const Type& type) : scale(type.id == TypeId::kDateTime64 ? type.scale : 0) {
    for (size_t i = 0; i < scale; ++i) power *= 10;
  }
  bool operator()(const char* begin, size_t length, std::byte* out) const {
    if (length != 0 && begin[length - 1] == 'Z') --length;
    if (length != 19 && (scale == 0 || length != 20 + scale || begin[19] != '.')) return false;
    int32_t days = 0, clock = 0;
    uint32_t places = 0;
    if ((begin[10] != ' ' && begin[10] != 'T') || !read_date(begin, days) || !read_clock(begin + 11, clock))
      return false;
    if (length != 19 && !read_digits8(begin + length, scale, places)) return false;
    const int64_t seconds = int64_t{days} * 86400 + clock;
    int64_t ticks = 0;
    if (__builtin_mul_overflow(seconds, power, &ticks) || __builtin_add_overflow(ticks, places, &ticks)) return false;
    if (!std::in_range<T>(ticks)) return false;
    const auto value = static_cast<T>(ticks);
    std::memcpy(out, &value, sizeof value);
    return true;
  }
  size_t scale;
  int64_t power = 1;
};

bool is_text(std::string_view text) {
  return text.find('\0') == std::string_view::npos && simdjson::validate_utf8(text.data(), text.size());
}

Code text_fault(std::string_view text) {
  return text.find('\0') != std::string_view::npos ? Code::kNulByte : Code::kInvalidUtf8;
}

// Reads a text of any shape.
void read_text(State& s, size_t row) {
  const RawField raw = raw_of(s, row);
  std::string_view text = raw.text;
  const bool null = !s.plan.verbatim && !raw.quoted && s.records.nulls->contains(text);
  if (null && s.type.nullable) return s.set_null(row);
  // An empty field is a good text, another token is not.
  if (null && !text.empty()) return s.fail(row, Code::kNotNull);
  const bool escaped = raw.quoted && has_escape(text, *s.records.syntax);
  size_t offset = static_cast<size_t>(text.data() - s.text);
  if (escaped) {
    offset = s.unescaped.size();
    append_unescaped(text, *s.records.syntax, s.unescaped);
    text = std::string_view(s.unescaped).substr(offset);
  }
  if (!s.checked && !is_text(text)) return s.fail(row, text_fault(text));
  const TextView view = TextView::of(text, escaped ? 1 : 0, static_cast<uint32_t>(offset));
  std::memcpy(s.value(row), &view, sizeof view);
  if (escaped && text.size() <= TextView::kInlineBytes) s.unescaped.resize(offset);
}

struct KeepMasks {
  std::array<uint64_t, 13> prefix{};  // bytes 0 to 3 of a text, as the upper half of a view's first word
  std::array<uint64_t, 13> rest{};    // bytes 4 to 11
};

constexpr KeepMasks make_keep_masks() {
  KeepMasks masks;
  for (unsigned length = 0; length <= 12; ++length) {
    for (unsigned i = 0; i < length; ++i) {
      if (i < 4)
        masks.prefix[length] |= uint64_t{0xFF} << (32 + 8 * i);
      else
        masks.rest[length] |= uint64_t{0xFF} << (8 * (i - 4));
    }
  }
  return masks;
}

constexpr KeepMasks kKeep = make_keep_masks();

// TextView::of() without a branch on the length. REQUIRES: kLookAhead readable bytes at `begin`.
void write_view(const char* text, uint32_t begin, size_t length, std::byte* out) {
  const size_t kept = std::min<size_t>(length, TextView::kInlineBytes);
  uint32_t prefix;
  std::memcpy(&prefix, text + begin, 4);
  const uint64_t inlined = load8(text + begin + 4) & kKeep.rest[kept];
  const uint64_t outside = uint64_t{begin} << 32;
  const uint64_t words[2] = {length | ((uint64_t{prefix} << 32) & kKeep.prefix[kept]),
                             length > TextView::kInlineBytes ? outside : inlined};
  std::memcpy(out, words, sizeof words);
}

template <bool kRectangular>
void read_texts(State& s, size_t row, size_t last) {
  const Cells<kRectangular> cells(s);
  const NullTokens& nulls = *s.records.nulls;
  const Syntax& syntax = *s.records.syntax;
  const size_t size = s.records.text.size();
  const bool quotes = syntax.quotes, escaped = s.records.index->escaped;
  const char quote = syntax.quote;
  std::byte* const values = s.values;
  for (; row < last; ++row) {
    Span span = cells[row];
    bool plain = span.begin + kLookAhead <= size && span.size() != 0;
    if (plain && quotes && cells.text[span.begin] == quote) {
      ++span.begin;
      --span.end;
      plain = !escaped || !has_escape({cells.text + span.begin, span.size()}, syntax);
    } else if (plain) {
      plain = !nulls.begins(cells.text[span.begin]);
    }
    if (plain) [[likely]]
      write_view(cells.text, span.begin, span.size(), values + row * sizeof(TextView));
    else
      read_text(s, row);
  }
}

// Reads texts of a chunk that holds bytes which are no text, or of a column whose fields are never NULL.
void read_unchecked_texts(State& s, size_t row, size_t last) {
  for (; row < last; ++row) read_text(s, row);
}

template <bool kRectangular>
Loop choose_loop(const Type& type, const NullTokens& nulls) {
  if (type.id == TypeId::kString) return read_texts<kRectangular>;
  // A number that means NULL is found by comparing each field.
  if (nulls.like_values()) return read_values;
  const bool short_scale = type.scale <= 8;
  const bool utc = type.timezone.empty() || type.timezone == "UTC";
  switch (type.id) {
    case TypeId::kInt8:
      return read_fast<kRectangular, FastInteger<int8_t>>;
    case TypeId::kInt16:
      return read_fast<kRectangular, FastInteger<int16_t>>;
    case TypeId::kInt32:
      return read_fast<kRectangular, FastInteger<int32_t>>;
    case TypeId::kInt64:
      return read_fast<kRectangular, FastInteger<int64_t>>;
    case TypeId::kUInt8:
      return read_fast<kRectangular, FastInteger<uint8_t>>;
    case TypeId::kUInt16:
      return read_fast<kRectangular, FastInteger<uint16_t>>;
    case TypeId::kUInt32:
      return read_fast<kRectangular, FastInteger<uint32_t>>;
    case TypeId::kUInt64:
      return read_fast<kRectangular, FastInteger<uint64_t>>;
    case TypeId::kDecimal32:
      return short_scale ? read_fast<kRectangular, FastDecimal<4>> : read_values;
    case TypeId::kDecimal64:
      return short_scale ? read_fast<kRectangular, FastDecimal<8>> : read_values;
    case TypeId::kDecimal128:
      return short_scale ? read_fast<kRectangular, FastDecimal<16>> : read_values;
    case TypeId::kDecimal256:
      return short_scale ? read_fast<kRectangular, FastDecimal<32>> : read_values;
    case TypeId::kDate:
      return read_fast<kRectangular, FastDate<uint16_t>>;
    case TypeId::kDate32:
      return read_fast<kRectangular, FastDate<int32_t>>;
    case TypeId::kDateTime:
      return utc ? read_fast<kRectangular, FastTime<uint32_t>> : read_values;
    case TypeId::kDateTime64:
      return utc && short_scale ? read_fast<kRectangular, FastTime<int64_t>> : read_values;
    default:
      return read_values;
  }
}

Column finish(State& s, const Buffer& chunk) {
  if (s.column.type.id == TypeId::kString) {
    s.column.texts.push_back(chunk);
    if (!s.unescaped.empty()) {
      s.column.texts.push_back(Buffer::allocate(s.unescaped.size()));
      std::memcpy(s.column.texts.back().writable(), s.unescaped.data(), s.unescaped.size());
    }
  }
  if (!is_read_from_text(s.plan.field.type.id)) return std::move(s.column);
  if (s.records.misfits.size() == s.records.rows) std::memset(s.values, 0, s.column.values.size());  // nothing was read
  // A row that failed before keeps its first failure.
  return values_of(s.column, s.plan.field.type, [&s](size_t row, Code code) {
    s.failures.push_back({.row = static_cast<uint32_t>(row), .column = s.number, .code = code});
  });
}

// Leaves the first failure of each row, and none of misfits.
void settle(const std::vector<Misfit>& misfits, std::vector<Failure>& failures) {
  const auto before = [](const Failure& a, const Failure& b) {
    return a.row != b.row ? a.row < b.row : a.column < b.column;
  };
  std::ranges::stable_sort(failures, before);
  const auto repeats = std::ranges::unique(failures, {}, &Failure::row);
  failures.erase(repeats.begin(), repeats.end());
  std::erase_if(failures, [&](const Failure& failure) {
    return std::ranges::binary_search(misfits, failure.row, {}, &Misfit::record);
  });
}

bool holds_only_text(const Records& records) {
  const FieldIndex& index = *records.index;
  return !index.nul && (index.ascii || simdjson::validate_utf8(records.text.data(), records.text.size()));
}

}  // namespace

void build_columns(const std::vector<ColumnPlan>& plans, const Records& records, const Buffer& chunk,
                   std::vector<Column>& columns, std::vector<Failure>& failures, std::vector<Failure>& mended) {
  std::vector<State> states;
  std::vector<Loop> loops;
  states.reserve(plans.size());
  const bool checked = holds_only_text(records);
  for (const ColumnPlan& plan : plans) {
    State& state = states.emplace_back(plan, static_cast<uint32_t>(states.size()), records, failures, mended);
    const Type& type = state.type;
    state.checked = checked;
    if (type.id == TypeId::kString && (!checked || plan.verbatim || records.syntax->spaces))
      loops.push_back(read_unchecked_texts);
    else if (records.syntax->spaces)
      loops.push_back(read_values);
    else
      loops.push_back(records.first.empty() ? choose_loop<true>(type, *records.nulls)
                                            : choose_loop<false>(type, *records.nulls));
  }
  // With no good record there are no fields to read.
  const size_t rows = records.misfits.size() == records.rows ? 0 : records.rows;
  for (size_t row = 0; row < rows; row += kTileRows) {
    const size_t last = std::min(row + kTileRows, rows);
    for (size_t i = 0; i < states.size(); ++i) loops[i](states[i], row, last);
  }
  for (State& state : states) columns.push_back(finish(state, chunk));
  settle(records.misfits, failures);
}

}  // namespace flatbed
