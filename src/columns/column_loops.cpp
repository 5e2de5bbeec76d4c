// The column loops. Enters: the records of a chunk and the plans of the wanted columns. Leaves: columns, and the fields
// that are no values. Invariant: a loop's fast shape gives what parse_value() gives; every other shape goes to it.
// Rows are read in tiles that stay in the first-level cache, all columns of a tile before the next one. Texts are
// copied, so that nothing keeps the chunk and its memory is used for the next one while it is still in the cache.
#include "columns/column_loops.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstring>

#include "columns/fast_fields.hpp"
#include "columns/nested_text.hpp"
#include "columns/parse.hpp"
#include "columns/swar.hpp"
#include "index/kernel.hpp"

namespace flatbed {
namespace {

constexpr size_t kTileRows = 64;

// The texts of a chunk that do not lie inside their views, one behind the other, of all columns.
class TextRoom {
 public:
  explicit TextRoom(Room& room) : room_(room) {}
  // Returns where `bytes` bytes can be written.
  char* reserve(size_t bytes) {
    if (static_cast<size_t>(end_ - at_) < bytes) begin(bytes);
    return at_;
  }
  // Keeps what was written before `end`.
  void keep(char* end) { at_ = end; }
  // Where a text that is written at `at` lies.
  uint32_t buffer() const { return static_cast<uint32_t>(texts_.size() - 1); }
  uint32_t offset(const char* at) const { return static_cast<uint32_t>(at - texts_.back().chars()); }
  const std::vector<Buffer>& finish() {
    close();
    at_ = end_ = nullptr;
    return texts_;
  }

 private:
  void begin(size_t bytes) {
    close();
    texts_.push_back(room_.take_rest(bytes));
    at_ = reinterpret_cast<char*>(texts_.back().writable());
    end_ = at_ + texts_.back().size();
  }
  void close() {
    if (at_ != nullptr) room_.keep(texts_.back(), static_cast<size_t>(at_ - texts_.back().chars()));
  }

  Room& room_;
  std::vector<Buffer> texts_{};
  char* at_ = nullptr;
  char* end_ = nullptr;
};

// Nested values are taken as text by the loops, and read when the column is whole.
Type text_first(const Type& type) {
  return is_read_from_text(type.id) ? Type{.nullable = type.nullable} : type;
}

struct State;
using Loop = void (*)(State&, size_t row, size_t last);

// A column while it is made.
struct State {
  State(const ColumnPlan& plan, uint32_t number, const Records& records, Room& room, TextRoom& texts,
        std::vector<Failure>& failures, std::vector<Failure>& mended)
      : plan(plan),
        number(number),
        records(records),
        failures(failures),
        mended(mended),
        texts(texts),
        spans(spans_of(records, plan.source)),
        is_last(plan.source + 1 == records.columns),
        type(text_first(plan.field.type)),
        width(byte_width(type)) {
    column.type = type;
    column.rows = records.rows;
    column.values = room.take(records.rows * width);
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
  TextRoom& texts;
  FieldSpans spans;
  bool is_last;
  Type type;  // of the values that the loop makes
  size_t width;
  FastLoop fast = nullptr;
  FastTexts fast_texts = nullptr;
  bool checked = true;  // no text of the chunk can hold a NUL byte or bytes that are not UTF-8
  Column column{};
  std::byte* values = nullptr;
  std::string scratch{};
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
  char date[kMostYearFirst];
  const bool timed = s.type.id == TypeId::kDateTime || s.type.id == TypeId::kDateTime64;
  if (s.plan.date_order != DateOrder::kNone) text = with_year_first(text, s.plan.date_order, timed, date);
  const Code code = parse_value(text, s.type, s.value(row));
  if (code != Code::kOk && !(s.plan.repairs.of_fields() && mend(s, row, text))) s.fail(row, code);
}

void read_values(State& s, size_t row, size_t last) {
  for (; row < last; ++row) read_value(s, row);
}

void read_fast(State& s, size_t row, size_t last) {
  const SlowField slow = {[](void* column, size_t at) { read_value(*static_cast<State*>(column), at); }, &s};
  s.fast(s.spans, s.type, s.values, row, last, slow);
}

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
  char* const at = s.texts.reserve(text.size() + kUnescapeSlack);
  char* end = at + text.size();
  // Texts within arrays and the like have backslashes of their own, and ClickHouse puts no others before these.
  const bool as_it_is = s.records.syntax->backslashes && is_nested(s.plan.field.type.id);
  if (raw.quoted && !as_it_is && has_escape(text, *s.records.syntax))
    end = put_unescaped(text, *s.records.syntax, at);
  else if (!text.empty())
    std::memcpy(at, text.data(), text.size());
  text = {at, static_cast<size_t>(end - at)};
  if (!s.checked && !is_text(text)) return s.fail(row, text_fault(text));
  const TextView view = TextView::of(text, s.texts.buffer(), s.texts.offset(at));
  std::memcpy(s.value(row), &view, sizeof view);
  if (text.size() > TextView::kInlineBytes) s.texts.keep(end);
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

// TextView::of() of a text at `from`, without a branch on its length; `place` is its buffer and its offset.
// REQUIRES: 12 readable bytes.
void write_view(const char* from, size_t length, uint64_t place, std::byte* out) {
  const size_t kept = std::min<size_t>(length, TextView::kInlineBytes);
  uint32_t prefix;
  std::memcpy(&prefix, from, 4);
  const uint64_t inlined = load8(from + 4) & kKeep.rest[kept];
  const uint64_t words[2] = {length | ((uint64_t{prefix} << 32) & kKeep.prefix[kept]),
                             length > TextView::kInlineBytes ? place : inlined};
  std::memcpy(out, words, sizeof words);
}

template <bool kRectangular>
FieldSpan span_of(const FieldSpans& spans, size_t row) {
  const uint32_t* at = spans.bounds + (kRectangular ? row * spans.columns : spans.first[row]);
  FieldSpan span{at[0] + 1, at[1] - spans.delimiter_rest};
  if (spans.returns && span.end > span.begin && spans.text[span.end - 1] == '\r') --span.end;
  return span;
}

// Reads texts: the usual ones by the loop of the instruction set, where it has one, others one by one.
template <bool kRectangular>
class TextLoop {
 public:
  explicit TextLoop(State& s) : s_(s), spans_(s.spans) {}

  void read(size_t row, size_t last) {
    constexpr size_t kFewRows = 4;  // texts after an unusual one are often unusual too
    make_room((last - row) * kTextBytes);
    while (row < last) {
      if (s_.fast_texts != nullptr) {
        row = s_.fast_texts(spans_, place_, s_.values, row, last);
        for (const size_t end = std::min(last, row + kFewRows); row < end; ++row) read_one(row, last);
      } else {
        read_one(row++, last);
      }
    }
    s_.texts.keep(place_.at);
  }

 private:
  void read_one(size_t row, size_t last) {
    const FieldSpan span = span_of<kRectangular>(spans_, row);
    const char* const from = spans_.text + span.begin;
    const size_t length = span.size();
    std::byte* const view = s_.values + row * sizeof(TextView);
    const bool usual = span.begin + kTextBytes < spans_.size && length != 0;
    if (usual && spans_.quote != 0 && *from == spans_.quote && length != 1)
      read_quoted(from + 1, length - 2, view, last - row);
    else if (usual && !spans_.null_begins[static_cast<unsigned char>(*from)])
      read_plain(from, length, view, last - row);
    else
      read_other(row, last);
  }
  void make_room(size_t bytes) {
    place_.at = s_.texts.reserve(bytes);
    place_.packed = s_.texts.buffer() | uint64_t{s_.texts.offset(place_.at)} << 32;
  }
  // Room for a longer text and for what is left of the tile.
  void make_room(size_t length, size_t rows) {
    s_.texts.keep(place_.at);
    make_room(length + rows * kTextBytes);
  }
  void keep(size_t length) {
    const size_t kept = length > TextView::kInlineBytes ? length : 0;
    place_.at += kept;
    place_.packed += uint64_t{kept} << 32;
  }

  void read_plain(const char* from, size_t length, std::byte* view, size_t rows) {
    if (!place_.copies) {
      place_.copies = length > TextView::kInlineBytes;
      if (!place_.copies) return write_view(from, length, place_.packed, view);
    }
    if (length > kTextBytes) [[unlikely]] {
      make_room(length, rows);
      std::memcpy(place_.at, from, length);
    } else {
      // As many bytes for short texts as for long ones: a branch on their length would be guessed wrongly.
      std::memcpy(place_.at, from, kTextBytes);
    }
    write_view(from, length, place_.packed, view);
    keep(length);
  }
  void read_quoted(const char* from, size_t length, std::byte* view, size_t rows) {
    if (!spans_.escaped) return read_plain(from, length, view, rows);
    make_room(length + kUnescapeSlack, rows);
    const char* end = put_unescaped({from, length}, *s_.records.syntax, place_.at);
    length = static_cast<size_t>(end - place_.at);
    write_view(place_.at, length, place_.packed, view);
    keep(length);
  }
  void read_other(size_t row, size_t last) {
    s_.texts.keep(place_.at);
    read_text(s_, row);
    make_room((last - row) * kTextBytes);
  }

  State& s_;
  const FieldSpans spans_;
  TextPlace place_{};
};

template <bool kRectangular>
void read_texts(State& s, size_t row, size_t last) {
  TextLoop<kRectangular>(s).read(row, last);
}

// Reads texts of a chunk that holds bytes which are no text, or of a column whose fields are never NULL.
void read_unchecked_texts(State& s, size_t row, size_t last) {
  for (; row < last; ++row) read_text(s, row);
}

#if defined(__x86_64__)
// The kernel that found the fields; its loops read them.
std::string_view kernel_name(const Syntax& syntax) {
  return (syntax.kernel != nullptr ? *syntax.kernel : active_kernel()).name;
}
#endif

FastTexts fast_texts([[maybe_unused]] const Syntax& syntax, [[maybe_unused]] bool rectangular) {
#if defined(__x86_64__)
  if (kernel_name(syntax) == "avx512") return avx512_texts(rectangular);
  if (kernel_name(syntax) == "avx2") return avx2_texts(rectangular);
#endif
  return nullptr;
}

// What backslashes stand for is text only when they are resolved.
bool holds_backslashes(const Records& records) {
  return records.syntax->backslashes && records.index->escaped;
}

Loop choose_loop(State& s) {
  const Syntax& syntax = *s.records.syntax;
  const bool rectangular = s.spans.first == nullptr;
  if (s.type.id == TypeId::kString) {
    if (!s.checked || s.plan.verbatim || syntax.spaces) return read_unchecked_texts;
    if (!s.spans.returns) s.fast_texts = fast_texts(syntax, rectangular);
    return rectangular ? read_texts<true> : read_texts<false>;
  }
  // These loops copy bytes as they are, where the type may hold a backslash.
  const bool copied = s.type.id == TypeId::kFixedString || s.type.id == TypeId::kEnum8 || s.type.id == TypeId::kEnum16;
  if (copied && holds_backslashes(s.records)) return read_values;
  if (!syntax.spaces && !s.records.may_look_like_values()) s.fast = fast_loop(syntax, s.type, rectangular);
  return s.fast != nullptr ? read_fast : read_values;
}

Column finish(State& s, const std::vector<Buffer>& texts) {
  if (s.column.type.id == TypeId::kString) s.column.texts = texts;
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
  return !holds_backslashes(records) && !index.nul &&
         (index.ascii || simdjson::validate_utf8(records.text.data(), records.text.size()));
}

}  // namespace

FieldSpans spans_of(const Records& records, size_t source) {
  const bool is_last = source + 1 == records.columns;
  FieldSpans spans;
  spans.text = records.text.data();
  spans.size = records.text.size();
  spans.bounds = records.index->bounds() + source;
  if (!records.first.empty()) spans.first = records.first.data();
  spans.columns = records.columns;
  if (!is_last) spans.delimiter_rest = static_cast<uint32_t>(records.syntax->delimiter.size() - 1);
  spans.returns = is_last && records.index->returns;
  if (records.syntax->quotes) spans.quote = records.syntax->quote;
  spans.escaped = records.index->escaped;
  spans.escape = records.syntax->escape;
  spans.null_begins = records.nulls->begins();
  return spans;
}

FastLoop fast_loop([[maybe_unused]] const Syntax& syntax, const Type& type, bool rectangular) {
#if defined(__x86_64__)
  if (kernel_name(syntax) == "avx512") return avx512_loop(type, rectangular);
  if (kernel_name(syntax) == "avx2") return avx2_loop(type, rectangular);
#endif
  return scalar_loop(type, rectangular);
}

void build_columns(const std::vector<ColumnPlan>& plans, const Records& records, Room& room,
                   std::vector<Column>& columns, std::vector<Failure>& failures, std::vector<Failure>& mended) {
  std::vector<State> states;
  std::vector<Loop> loops;
  states.reserve(plans.size());
  TextRoom texts(room);
  const bool checked = holds_only_text(records);
  for (const ColumnPlan& plan : plans) {
    const auto number = static_cast<uint32_t>(states.size());
    State& state = states.emplace_back(plan, number, records, room, texts, failures, mended);
    state.checked = checked;
    loops.push_back(choose_loop(state));
  }
  // With no good record there are no fields to read.
  const size_t rows = records.misfits.size() == records.rows ? 0 : records.rows;
  for (size_t row = 0; row < rows; row += kTileRows) {
    const size_t last = std::min(row + kTileRows, rows);
    for (size_t i = 0; i < states.size(); ++i) loops[i](states[i], row, last);
  }
  const std::vector<Buffer>& written = texts.finish();
  for (State& state : states) columns.push_back(finish(state, written));
  settle(records.misfits, failures);
}

}  // namespace flatbed
