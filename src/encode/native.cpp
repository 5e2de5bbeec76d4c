// ClickHouse Native. Enters: a batch, or bytes of any origin. Leaves: one block, or batches.
// Invariant: what a block says about sizes is believed only as far as bytes have arrived to back it.
#include "encode/native.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <span>
#include <unordered_set>
#include <utility>

#include "encode/put_text.hpp"

static_assert(std::endian::native == std::endian::little, "columns lie in memory as Native writes them");

namespace flatbed {
namespace {

constexpr size_t kCopyBytes = 64;
constexpr size_t kChunkBytes = size_t{1} << 20;
constexpr uint64_t kMaxColumns = 100'000;
constexpr uint64_t kMaxRows = (uint64_t{1} << 31) - 1;
constexpr uint64_t kMaxTextBytes = (uint64_t{1} << 32) - 1;
constexpr size_t kTailBytes = 16384;
constexpr uint64_t kMaxLookedUp = uint64_t{1} << 30;  // a dictionary's values take more room than their bytes
constexpr size_t kMaxNameBytes = size_t{1} << 16;
constexpr size_t kMaxTypeBytes = size_t{4} << 20;

// Returns the bytes of the number at `from`, or 0 when it is not whole before `end` or longer than a text can be.
inline size_t get_varuint(const char* from, const char* end, uint64_t& value) {
  constexpr size_t kMostBytes = 5;
  value = 0;
  for (size_t i = 0; i < kMostBytes && from + i != end; ++i) {
    const auto byte = static_cast<uint8_t>(from[i]);
    value |= uint64_t{byte & 0x7Fu} << (7 * i);
    if (byte < 0x80) return value <= kMaxTextBytes ? i + 1 : 0;
  }
  return 0;
}

char* put_varuint(char* to, uint64_t value) {
  for (; value >= 0x80; value >>= 7) *to++ = static_cast<char>(value | 0x80);
  *to++ = static_cast<char>(value);
  return to;
}

void append_varuint(uint64_t value, std::string& out) {
  char bytes[10];
  out.append(bytes, static_cast<size_t>(put_varuint(bytes, value) - bytes));
}

void append_sized(std::string_view text, std::string& out) {
  append_varuint(text.size(), out);
  out += text;
}

// One byte a row, 1 where the row is NULL.
void append_null_map(const Column& column, std::string& out) {
  const size_t begin = out.size();
  out.append(column.rows, '\0');
  if (column.nulls == 0) return;
  const std::byte* valid = column.validity.data();
  char* to = out.data() + begin;
  for (size_t row = 0; row < column.rows; row += 8) {
    // The product puts a copy of the bits into each of 8 bytes, the mask keeps bit i of byte i.
    const uint64_t bits = static_cast<uint8_t>(~valid[row / 8]) * uint64_t{0x0101010101010101} & 0x8040201008040201;
    const uint64_t bytes = ((bits + 0x7F7F7F7F7F7F7F7F) | bits) >> 7 & 0x0101010101010101;
    std::memcpy(to + row, &bytes, std::min<size_t>(8, column.rows - row));
  }
}

// Writes texts that all lie in their views.
char* put_short_texts(std::span<const TextView> views, char* to) {
  for (const TextView& view : views) {
    *to = static_cast<char>(view.length);
    std::memcpy(to + 1, view.inlined, TextView::kInlineBytes);
    to += 1 + view.length;
  }
  return to;
}

// Writes texts of up to kCopyBytes bytes by as many, because a branch on their length would be guessed wrongly; others,
// and those too close to the end of their memory, one by one. `after` views follow those that are written.
char* put_texts(std::span<const TextView> views, size_t after, const Column& column, char* to) {
  constexpr size_t kViewsBehind = kCopyBytes / sizeof(TextView) + 1;  // what a copy out of a view may read
  const Buffer* const texts = column.texts.data();
  const size_t usual = views.size() + std::min(after, kViewsBehind) - std::min(views.size() + after, kViewsBehind);
  for (size_t i = 0; i < views.size(); ++i) {
    const TextView& view = views[i];
    const uintptr_t outside = view.length > TextView::kInlineBytes ? ~uintptr_t{0} : 0;
    const Buffer& text = texts[view.outside.buffer & outside];
    const bool far = (((view.outside.offset & outside) + kCopyBytes) & outside) <= text.size();
    if (view.length > kCopyBytes || !far || i >= usual) [[unlikely]] {
      to = put_text(put_varuint(to, view.length), view, column);
      continue;
    }
    const auto here = reinterpret_cast<uintptr_t>(view.inlined);
    const auto there = reinterpret_cast<uintptr_t>(text.chars()) + view.outside.offset;
    *to = static_cast<char>(view.length);
    std::memcpy(to + 1, reinterpret_cast<const char*>(here ^ ((here ^ there) & outside)), kCopyBytes);
    to += 1 + view.length;
  }
  return to;
}

void append_texts(const Column& column, std::string& out) {
  // A slice small enough that the bytes resize() clears are still in the nearest cache when they are written.
  constexpr size_t kSlice = 256, kMostPrefix = 5;
  const auto views = column.as<TextView>();
  for (size_t first = 0; first < views.size(); first += kSlice) {
    const auto slice = views.subspan(first, std::min(kSlice, views.size() - first));
    size_t most = slice.size() * kMostPrefix + kCopyBytes;
    uint32_t longest = 0;
    for (const TextView& view : slice) {
      most += view.length;
      longest = std::max(longest, view.length);
    }
    const size_t begin = out.size();
    out.resize(begin + most);
    char* to = out.data() + begin;
    to = longest <= TextView::kInlineBytes ? put_short_texts(slice, to)
                                           : put_texts(slice, views.size() - first - slice.size(), column, to);
    out.resize(static_cast<size_t>(to - out.data()));
  }
}

void append_column(const Column& column, std::string& out) {
  if (column.type.nullable) append_null_map(column, out);
  if (is_view(column.type.id)) {
    append_texts(column, out);
  } else if (column.type.id == TypeId::kArray || column.type.id == TypeId::kMap) {
    // ClickHouse leaves out the offset that is always 0.
    out.append(column.values.chars() + sizeof(uint64_t), column.rows * sizeof(uint64_t));
  } else {
    out.append(column.values.chars(), column.rows * byte_width(column.type));
  }
  for (const Column& child : column.children) append_column(child, out);
}

// Loads up to 12 bytes without a branch on each; bytes past `length` become zero.
TextView inline_view(const char* from, uint32_t length, size_t readable) {
  if (readable < TextView::kInlineBytes) return TextView::of({from, length}, 0, 0);
  uint64_t low = 0;
  uint32_t high = 0;
  std::memcpy(&low, from, 8);
  std::memcpy(&high, from + 8, 4);
  if (length < 8) {
    low &= (uint64_t{1} << (8 * length)) - 1;
    high = 0;
  } else {
    high &= static_cast<uint32_t>((uint64_t{1} << (8 * (length - 8))) - 1);
  }
  TextView view;
  view.length = length;
  std::memcpy(view.inlined, &low, 8);
  std::memcpy(view.inlined + 8, &high, 4);
  return view;
}

constexpr size_t kShortBytes = 127;  // of a text whose length is written in one byte

// Makes the view of a text of up to kShortBytes bytes, of which as many can be read: without a branch on whether it
// lies in its view, because that would be guessed wrongly. `outside` gets a bit where it does not.
TextView short_view(const char* from, uint32_t length, uint32_t buffer, uint32_t offset, uint32_t& outside) {
  // By length: how much of 8 and of the next 4 bytes is kept. Behind 12 bytes: the prefix alone.
  static constexpr auto kKept = [] {
    std::array<std::pair<uint64_t, uint32_t>, TextView::kInlineBytes + 2> kept{};
    for (unsigned i = 0; i <= TextView::kInlineBytes; ++i) {
      kept[i].first = i >= 8 ? ~uint64_t{0} : (uint64_t{1} << (8 * i)) - 1;
      kept[i].second = i >= 12 ? ~uint32_t{0} : i <= 8 ? 0 : (uint32_t{1} << (8 * (i - 8))) - 1;
    }
    kept.back() = {0xFFFFFFFF, 0};
    return kept;
  }();
  const auto [kept_low, kept_high] = kKept[std::min<uint32_t>(length, TextView::kInlineBytes + 1)];
  const uint32_t far = length > TextView::kInlineBytes ? ~uint32_t{0} : 0;
  uint64_t low = 0;
  uint32_t high = 0;
  std::memcpy(&low, from, 8);
  std::memcpy(&high, from + 8, 4);
  low = (low & kept_low) | uint64_t{buffer & far} << 32;
  high = (high & kept_high) | (offset & far);
  outside |= far;
  TextView view;
  view.length = length;
  std::memcpy(view.inlined, &low, 8);
  std::memcpy(view.inlined + 8, &high, 4);
  return view;
}

// Enlarges by copying; what arrived so far bounds what is allocated.
void grow(Buffer& buffer, size_t used, size_t bytes) {
  Buffer larger = Buffer::allocate(bytes);
  if (used > 0) std::memcpy(larger.writable(), buffer.data(), used);
  buffer = std::move(larger);
}

constexpr std::string_view kMarker = "__exception__\r\n";
constexpr std::string_view kCode = "Code: ";
constexpr std::string_view kException = ". DB::Exception: ";

// Returns the number of "Code: 395. DB::Exception: ..." at the start of `text`, or 0.
int64_t exception_code(std::string_view text) {
  if (!text.starts_with(kCode)) return 0;
  int64_t code = 0;
  const char* last = text.data() + text.size();
  const auto [end, problem] = std::from_chars(text.data() + kCode.size(), last, code);
  if (problem != std::errc{} || !std::string_view(end, last).starts_with(kException)) return 0;
  return code;
}

bool is_plain_text(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 || c == '\n' || c == '\r' || c == '\t';
  });
}

// Finds a server's exception in the tail of a broken answer. Data may hold such a text too, so it must follow the
// server's marker or run to the very end as plain lines.
std::string_view find_exception(std::string_view tail) {
  if (const size_t marker = tail.rfind(kCode); marker != std::string_view::npos) {
    const std::string_view text = tail.substr(marker);
    if (exception_code(text) != 0) {
      const std::string_view before = tail.substr(0, marker);
      const bool marked =
          before.substr(before.size() - std::min<size_t>(before.size(), 64)).find(kMarker) != std::string_view::npos;
      if (marked || (text.ends_with('\n') && is_plain_text(text))) return text;
    }
  }
  return {};
}

template <class T>
bool known_numbers(const Column& column) {
  std::vector<bool> known(size_t{1} << (8 * sizeof(T)));
  const auto index = [](T number) { return static_cast<size_t>(static_cast<std::make_unsigned_t<T>>(number)); };
  for (const auto& [name, number] : *column.type.values) known[index(static_cast<T>(number))] = true;
  const auto numbers = column.as<T>();
  for (size_t row = 0; row < numbers.size(); ++row) {
    if (!known[index(numbers[row])] && !column.is_null(row)) return false;
  }
  return true;
}

// Gives each row the key it refers to; false when there is no such key.
template <class Index>
bool look_up(const Column& dictionary, const Buffer& indexes, Column& column) {
  const size_t width = byte_width(column.type);
  const auto* index = reinterpret_cast<const Index*>(indexes.data());
  column.values = Buffer::allocate(column.rows * width);
  column.texts = dictionary.texts;
  if (column.type.nullable) {
    column.validity = Buffer::allocate((column.rows + 7) / 8);
    std::memset(column.validity.writable(), 0, column.validity.size());
  }
  for (size_t row = 0; row < column.rows; ++row) {
    if (index[row] >= dictionary.rows) return false;
    std::memcpy(column.values.writable() + row * width, dictionary.values.data() + index[row] * width, width);
    if (!column.type.nullable) continue;
    column.nulls += index[row] == 0;
    column.validity.writable()[row / 8] |= std::byte(unsigned{index[row] != 0} << (row % 8));
  }
  if (column.nulls == 0) column.validity = {};
  return true;
}

// The value of a NULL row is zero, whatever the server left there; that of a Tuple lies in its children.
void clear_nulls(Column& column) {
  const size_t width = byte_width(column.type);
  if (width == 0) return;
  for (size_t row = 0; row < column.rows; ++row) {
    if (column.is_null(row)) std::memset(column.values.writable() + row * width, 0, width);
  }
}

}  // namespace

void encode_native(const Batch& batch, std::string& out) {
  append_varuint(batch.columns().size(), out);
  append_varuint(batch.rows(), out);
  for (size_t i = 0; i < batch.columns().size(); ++i) {
    const Column& column = batch.column(i);
    append_sized(batch.schema().fields[i].name, out);
    append_sized(to_string(block_type(column.type)), out);
    append_column(column, out);
  }
}

NativeReader::NativeReader(std::unique_ptr<ByteSource> bytes) : bytes_(std::move(bytes)) {}

Result<std::optional<Batch>> NativeReader::next(std::stop_token stop) {
  stop_ = std::move(stop);
  column_.reset();
  if (!error_) {
    if (!more()) {
      if (!error_) return std::optional<Batch>();
    } else if (!server_text_ahead()) {
      Batch batch;
      if (read_block(batch)) return std::optional<Batch>(std::move(batch));
      if (error_->code == Code::kBadBlock) prefer_server_text();
    }
  }
  return *error_;
}

bool NativeReader::read_block(Batch& batch) {
  uint64_t columns = 0, rows = 0;
  if (!read_number("number of columns", kMaxColumns, columns)) return false;
  if (!read_number("number of rows", kMaxRows, rows)) return false;
  if (columns == 0 && rows != 0) return fail("a block has rows and no columns");
  std::vector<Column> read;
  for (uint32_t i = 0; i < columns; ++i) {
    column_ = i;
    if (known_.size() == i) known_.emplace_back();
    if (!read_header(i, known_[i])) return false;
    Column& column = read.emplace_back(empty_column(known_[i].type));
    if (rows == 0) continue;
    if (!read_prefix(known_[i].type)) return false;
    if (!read_column(known_[i].type, static_cast<size_t>(rows), column)) return false;
  }
  if (schema_ && schema_->size() != columns) schema_ = nullptr;
  if (!schema_) {
    Schema schema;
    std::unordered_set<std::string_view> names;
    for (size_t i = 0; i < columns; ++i) {
      if (!names.insert(known_[i].name).second) return fail("a block has a column twice: " + known_[i].name);
      schema.fields.push_back({known_[i].name, known_[i].type, "the server"});
    }
    schema_ = std::make_shared<const Schema>(std::move(schema));
  }
  batch = Batch(schema_, std::move(read), static_cast<size_t>(rows));
  return true;
}

bool NativeReader::read_header(size_t index, KnownColumn& known) {
  std::string name, type_text;
  if (!read_text(kMaxNameBytes, "name of a column", name)) return false;
  if (!read_text(kMaxTypeBytes, "type of a column", type_text)) return false;
  if (known.name == name && known.type_text == type_text && schema_ && index < schema_->size()) return true;
  schema_ = nullptr;
  auto type = parse_type(type_text);
  known = {std::move(name), std::move(type_text), {}};
  if (!type) {
    fail(type.error().message, type.error().expected);
    if (type.error().code == Code::kUnsupportedType) {
      error_->code = Code::kUnsupportedType;
      error_->hint = type.error().hint;
    }
    return false;
  }
  known.type = std::move(*type);
  return true;
}

// What stands before the values of a column, for each part of it that has such a thing: the version of a
// LowCardinality's keys.
bool NativeReader::read_prefix(const Type& type) {
  constexpr uint64_t kKeysVersion = 1;
  uint64_t version = kKeysVersion;
  if (type.low_cardinality && !read_u64(version)) return false;
  if (version != kKeysVersion) return fail("a LowCardinality column is laid out in an unknown way");
  if (is_view(type.id) && type.id != TypeId::kString) {
    return fail("JSON and states are read when the server casts them to String");
  }
  if (!is_nested(type.id)) return true;
  return std::ranges::all_of(*type.children, [this](const Field& child) { return read_prefix(child.type); });
}

bool NativeReader::read_column(const Type& type, size_t rows, Column& column) {
  column = empty_column(type);
  if (rows == 0) return true;
  column.rows = rows;
  if (type.low_cardinality) {
    if (!read_dictionary(column)) return false;
  } else if ((type.nullable && !read_nulls(column)) || !read_plain(column)) {
    return false;
  }
  if (column.nulls > 0) clear_nulls(column);
  return check_values(column);
}

bool NativeReader::read_plain(Column& column) {
  if (column.type.id == TypeId::kString) return read_texts(column);
  if (is_nested(column.type.id)) return read_nested(column);
  return read_values(uint64_t{column.rows} * byte_width(column.type), column.values);
}

bool NativeReader::read_nested(Column& column) {
  size_t elements = column.rows;
  if (column.type.id != TypeId::kTuple && !read_offsets(column, elements)) return false;
  for (size_t i = 0; i < column.children.size(); ++i) {
    if (!read_column((*column.type.children)[i].type, elements, column.children[i])) return false;
  }
  return true;
}

bool NativeReader::read_offsets(Column& column, size_t& elements) {
  Buffer ends;
  if (!read_values(uint64_t{column.rows} * sizeof(uint64_t), ends)) return false;
  column.values = Buffer::allocate((column.rows + 1) * sizeof(uint64_t));
  auto* offsets = reinterpret_cast<uint64_t*>(column.values.writable());
  offsets[0] = 0;
  std::memcpy(offsets + 1, ends.data(), ends.size());
  if (!std::ranges::is_sorted(std::span(offsets, column.rows + 1))) return fail("the offsets of an Array descend");
  if (offsets[column.rows] > kMaxRows) return fail("an Array has too many elements in one block");
  elements = static_cast<size_t>(offsets[column.rows]);
  return true;
}

// LowCardinality: flags, the keys as a column, and for each row the number of its key. Key 0 of a Nullable is NULL.
bool NativeReader::read_dictionary(Column& column) {
  constexpr uint64_t kGlobal = 0x100, kHasKeys = 0x200;
  uint64_t flags = 0, keys = 0, rows = 0;
  if (!read_u64(flags)) return false;
  if ((flags & 0xFF) > 3 || (flags & kGlobal) != 0 || (flags & kHasKeys) == 0) {
    return fail("a LowCardinality column is laid out in an unknown way");
  }
  if (!read_u64(keys)) return false;
  if (keys > kMaxRows) return fail("a dictionary has too many keys: " + std::to_string(keys));
  Column dictionary{.type = column.type, .rows = static_cast<size_t>(keys)};
  if (!read_plain(dictionary) || !read_u64(rows)) return false;
  if (rows != column.rows) return fail("a dictionary serves another number of rows than its block");
  if (rows * byte_width(column.type) > kMaxLookedUp) return fail("a dictionary stands for too many bytes");
  const size_t width = size_t{1} << (flags & 0xFF);
  Buffer indexes;
  if (!read_values(rows * width, indexes)) return false;
  bool known = false;
  if (width == 1) known = look_up<uint8_t>(dictionary, indexes, column);
  if (width == 2) known = look_up<uint16_t>(dictionary, indexes, column);
  if (width == 4) known = look_up<uint32_t>(dictionary, indexes, column);
  if (width == 8) known = look_up<uint64_t>(dictionary, indexes, column);
  return known || fail("a row refers to a key that its dictionary lacks");
}

bool NativeReader::read_u64(uint64_t& number) {
  Buffer bytes;
  if (!read_values(sizeof(number), bytes)) return false;
  std::memcpy(&number, bytes.data(), sizeof(number));
  return true;
}

bool NativeReader::read_nulls(Column& column) {
  Buffer map;
  if (!read_values(column.rows, map)) return false;
  uint8_t all = 0;
  for (const std::byte null : std::span(map.data(), map.size())) {
    column.nulls += static_cast<uint8_t>(null);
    all |= static_cast<uint8_t>(null);
  }
  if (all > 1) return fail("a null map holds another byte than 0 and 1");
  if (column.nulls == 0) return true;
  column.validity = Buffer::allocate((column.rows + 7) / 8);
  std::memset(column.validity.writable(), 0, column.validity.size());
  for (size_t row = 0; row < column.rows; ++row) {
    const auto valid = static_cast<unsigned>(map.data()[row] ^ std::byte{1});
    column.validity.writable()[row / 8] |= std::byte(valid << (row % 8));
  }
  return true;
}

bool NativeReader::read_values(uint64_t bytes, Buffer& values) {
  size_t used = 0;
  const auto whole = static_cast<size_t>(bytes);
  values = Buffer::allocate(std::min(whole, std::max(left().size(), kChunkBytes)));
  while (used < whole) {
    if (!need()) return false;
    const size_t part = std::min(left().size(), whole - used);
    if (used + part > values.size()) grow(values, used, std::min(whole, std::max(used + part, 2 * values.size())));
    std::memcpy(values.writable() + used, left().data(), part);
    used += part;
    at_ += part;
  }
  return true;
}

bool NativeReader::read_texts(Column& column) {
  constexpr size_t kFirstViews = 65536;
  size_t capacity = std::min(column.rows, kFirstViews);
  Buffer views = Buffer::allocate(capacity * sizeof(TextView));
  size_t row = 0;
  while (row < column.rows) {
    if (row == capacity) {
      capacity = std::min(column.rows, 2 * capacity);
      grow(views, row * sizeof(TextView), capacity * sizeof(TextView));
    }
    auto* to = reinterpret_cast<TextView*>(views.writable());
    // Texts that lie whole in the chunk stay there; the column keeps the chunk alive.
    uint32_t kept = 0;
    const auto buffer = static_cast<uint32_t>(column.texts.size());  // what the chunk will be there
    const char* const begin = chunk_.chars();
    const char* const end = begin + chunk_.size();
    const char* from = begin + at_;
    for (; row < capacity && from != end; ++row) {
      if (const auto byte = static_cast<uint8_t>(*from); byte <= kShortBytes && end - from > ptrdiff_t{kShortBytes}) {
        ++from;
        to[row] = short_view(from, byte, buffer, static_cast<uint32_t>(from - begin), kept);
        from += byte;
        continue;
      }
      uint64_t length = 0;
      const size_t prefix = get_varuint(from, end, length);
      if (prefix == 0 || length > static_cast<size_t>(end - from) - prefix) break;
      from += prefix;
      if (length <= TextView::kInlineBytes) {
        to[row] = inline_view(from, static_cast<uint32_t>(length), static_cast<size_t>(end - from));
      } else {
        kept = 1;
        to[row] = TextView::of({from, static_cast<size_t>(length)}, buffer, static_cast<uint32_t>(from - begin));
      }
      from += length;
    }
    if (kept != 0) column.texts.push_back(chunk_);
    at_ = static_cast<size_t>(from - begin);
    if (row < capacity && !read_split_text(column, to[row++])) return false;
  }
  column.values = std::move(views);
  return true;
}

// A text that does not lie whole in one chunk.
bool NativeReader::read_split_text(Column& column, TextView& view) {
  uint64_t length = 0;
  if (!read_number("length of a text", kMaxTextBytes, length)) return false;
  Buffer text;
  if (!read_values(length, text)) return false;
  view = TextView::of(text.text(), static_cast<uint32_t>(column.texts.size()), 0);
  if (length > TextView::kInlineBytes) column.texts.push_back(std::move(text));
  return true;
}

bool NativeReader::check_values(Column& column) {
  bool known = true;
  if (column.type.id == TypeId::kBool) {
    known = std::ranges::all_of(column.as<uint8_t>(), [](uint8_t value) { return value <= 1; });
  } else if (column.type.id == TypeId::kEnum8) {
    known = known_numbers<int8_t>(column);
  } else if (column.type.id == TypeId::kEnum16) {
    known = known_numbers<int16_t>(column);
  }
  return known || fail("a block holds a number that its type does not have", to_string(column.type).substr(0, 200));
}

bool NativeReader::read_text(size_t most, std::string_view what, std::string& text) {
  uint64_t length = 0;
  Buffer bytes;
  if (!read_number("length of the " + std::string(what), most, length) || !read_values(length, bytes)) return false;
  text = bytes.text();
  return true;
}

bool NativeReader::read_number(std::string_view what, uint64_t most, uint64_t& number) {
  number = 0;
  for (unsigned shift = 0; shift < 63; shift += 7) {
    if (!need()) return false;
    const auto byte = static_cast<uint8_t>(left().front());
    ++at_;
    number |= uint64_t{byte & 0x7Fu} << shift;
    if ((byte & 0x80) == 0) {
      if (number <= most) return true;
      return fail("the " + std::string(what) + " is too large: " + std::to_string(number),
                  "at most " + std::to_string(most));
    }
  }
  return fail("the " + std::string(what) + " is not a number");
}

// Makes sure that there is a byte left; false at the end and on an error, which error_ tells apart.
bool NativeReader::more() {
  if (at_ < chunk_.size()) return true;
  if (ended_) return false;
  auto read = bytes_->read(kChunkBytes, stop_);
  if (!read) {
    error_ = read.error();
    return false;
  }
  remember_tail();
  base_ += chunk_.size();
  at_ = 0;
  chunk_ = std::move(*read);
  ended_ = chunk_.empty();
  return !ended_;
}

// Keeps the last bytes that were read, for an exception text that was taken for data.
void NativeReader::remember_tail() {
  const std::string_view text = chunk_.text();
  tail_ += text.substr(text.size() - std::min(text.size(), kTailBytes));
  if (tail_.size() > 2 * kTailBytes) tail_.erase(0, tail_.size() - kTailBytes);
}

bool NativeReader::need() {
  if (more()) return true;
  if (error_) return false;
  return fail("the answer ends inside a block");
}

bool NativeReader::fail(std::string message, std::string expected) {
  Error error{.code = Code::kBadBlock, .message = std::move(message), .expected = std::move(expected)};
  error.where.uri = bytes_->uri();
  error.where.byte = base_ + at_;
  error.where.column = column_;
  if (column_ && *column_ < known_.size()) error.where.column_name = known_[*column_].name;
  error.hint = "check that it is ClickHouse's HTTP interface that answers there; if so, run it again";
  error.side = Side::kSource;
  error_ = std::move(error);
  return false;
}

// Joins chunks until `bytes` bytes lie together, or all that there are.
std::string_view NativeReader::peek(size_t bytes) {
  while (!ended_ && left().size() < bytes) {
    auto read = bytes_->read(bytes - left().size(), stop_);
    if (!read) break;
    ended_ = read->empty();
    Buffer joined = Buffer::allocate(left().size() + read->size());
    std::memcpy(joined.writable(), left().data(), left().size());
    if (!ended_) std::memcpy(joined.writable() + left().size(), read->data(), read->size());
    base_ += at_;
    at_ = 0;
    chunk_ = std::move(joined);
  }
  return left().substr(0, bytes);
}

// An exception that the server wrote where the next block would begin.
bool NativeReader::server_text_ahead() {
  const char first = left().front();
  if (first != kCode.front() && first != '\r' && first != '\n' && first != '_') return false;
  constexpr size_t kLongestText = 65536;
  const std::string_view head = peek(64);
  const bool marked = head.substr(0, 2 + kMarker.size()).find(kMarker) != std::string_view::npos;
  if (!marked && exception_code(head) == 0) return false;
  const std::string_view text = peek(kLongestText);
  const size_t code = text.find(kCode);
  take_server_text(code == std::string_view::npos ? text : text.substr(code));
  return true;
}

// A block that broke off may have done so because the server did: then its own words say more than ours.
void NativeReader::prefer_server_text() {
  constexpr size_t kMostBytes = size_t{1} << 20;  // what is worth reading on for
  std::string tail = tail_;
  tail += chunk_.text();
  for (size_t more = 0; more < kMostBytes && !ended_;) {
    auto read = bytes_->read(kTailBytes, stop_);
    ended_ = !read || read->empty();
    if (ended_) break;
    tail += read->text();
    more += read->size();
  }
  const std::string_view text = find_exception(tail);
  if (ended_ && !text.empty()) take_server_text(text);
}

void NativeReader::take_server_text(std::string_view text) {
  Error error{.code = Code::kServer, .message = std::string(text.substr(0, text.find_first_of("\r\n")))};
  error.native_code = exception_code(text);
  error.where.uri = bytes_->uri();
  error.side = Side::kSource;
  error_ = std::move(error);
}

}  // namespace flatbed
