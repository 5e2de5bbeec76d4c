// Statistics of a column. Enters: its values, batch by batch. Leaves: least, most, how many differ, and what type that
// speaks for. Invariant: the order of the batches changes the samples alone.
#include "columns/statistics.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <type_traits>
#include <utility>

#include "columns/format.hpp"
#include "columns/nested_text.hpp"

namespace flatbed {
namespace {

constexpr size_t kTile = 256;  // values that are looked at while they are in the first-level cache
constexpr size_t kMostSamples = 5;
constexpr size_t kMostEnumValues = 64;
constexpr size_t kMostEnumBytes = 64;
constexpr uint64_t kRepeats = 10;  // values of a dictionary come again so often on average

enum class Order : uint8_t { kNone, kSigned, kUnsigned, kFloat32, kFloat64 };

Order order_of(TypeId id) noexcept {
  switch (id) {
    case TypeId::kInt8:
    case TypeId::kInt16:
    case TypeId::kInt32:
    case TypeId::kInt64:
    case TypeId::kInt128:
    case TypeId::kInt256:
    case TypeId::kDecimal32:
    case TypeId::kDecimal64:
    case TypeId::kDecimal128:
    case TypeId::kDecimal256:
    case TypeId::kDate32:
    case TypeId::kDateTime64:
      return Order::kSigned;
    case TypeId::kBool:
    case TypeId::kUInt8:
    case TypeId::kUInt16:
    case TypeId::kUInt32:
    case TypeId::kUInt64:
    case TypeId::kUInt128:
    case TypeId::kUInt256:
    case TypeId::kDate:
    case TypeId::kDateTime:
      return Order::kUnsigned;
    case TypeId::kFloat32:
      return Order::kFloat32;
    case TypeId::kFloat64:
      return Order::kFloat64;
    default:
      return Order::kNone;
  }
}

// Compares little-endian integers of any width.
bool less(std::string_view a, std::string_view b, Order order) noexcept {
  for (size_t i = a.size(); i-- > 0;) {
    if (a[i] == b[i]) continue;
    const bool top_of_signed = order == Order::kSigned && i + 1 == a.size();
    return top_of_signed ? static_cast<signed char>(a[i]) < static_cast<signed char>(b[i])
                         : static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[i]);
  }
  return false;
}

// The first bytes of a text as a number, so that texts are in the order of their numbers where those differ.
uint64_t head_of(std::string_view text) noexcept {
  uint64_t head = 0;
  if (text.size() >= sizeof head)
    std::memcpy(&head, text.data(), sizeof head);
  else
    for (size_t i = 0; i < text.size(); ++i) head |= uint64_t{static_cast<unsigned char>(text[i])} << (8 * i);
  return __builtin_bswap64(head);
}

// A hash of a number: numbers that differ have hashes that differ (the finisher of MurmurHash3, by Appleby).
template <class T>
uint64_t hash_of(T value) noexcept {
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  bits += 0x9E3779B97F4A7C15u;  // so that not 0, of all numbers, is hashed to 0
  bits = (bits ^ (bits >> 33)) * 0xFF51AFD7ED558CCDu;
  bits = (bits ^ (bits >> 33)) * 0xC4CEB9FE1A85EC53u;
  return bits ^ (bits >> 33);
}

// The least and the most of numbers; NaN is neither.
template <class T>
struct Range {
  using Limits = std::numeric_limits<T>;
  T least = Limits::has_infinity ? Limits::infinity() : Limits::max();
  T most = Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
  void add(std::span<const T> values) noexcept {
    T low = least, high = most;
    for (const T value : values) {
      low = value < low ? value : low;
      high = high < value ? value : high;
    }
    least = low;
    most = high;
  }
};

template <class T>
std::string_view bytes_of(const T& value) noexcept {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string text_of(std::string_view value, const Type& type) {
  std::string text;
  if (!value.empty()) append_value(reinterpret_cast<const std::byte*>(value.data()), type, text);
  return text;
}

}  // namespace

void DistinctCounter::insert(uint64_t hash) {
  if (slots_.size() < 2 * (known_ + 1)) grow();
  slots_[place_of(hash)] = hash;
  if (++known_ > kMostExact) estimate();
}

void DistinctCounter::grow() {
  constexpr size_t kFewest = 64;
  const std::vector<uint64_t> before =
      std::exchange(slots_, std::vector<uint64_t>(std::max(kFewest, slots_.size() * 2)));
  for (const uint64_t hash : before)
    if (hash != 0) slots_[place_of(hash)] = hash;
}

void DistinctCounter::estimate() {
  estimated_ = true;
  registers_.assign(size_t{1} << kBits, 0);
  std::erase(slots_, 0);
  note(slots_);
  slots_ = {};
}

// The registers are bytes, which might be anything's: so their place is read once.
void DistinctCounter::note(std::span<const uint64_t> hashes) noexcept {
  uint8_t* const registers = registers_.data();
  for (uint64_t hash : hashes) {
    hash = hash_in_slot(hash);
    const int zeros = std::countl_zero((hash << kBits) | (uint64_t{1} << (kBits - 1)));
    uint8_t& most = registers[hash >> (64 - kBits)];
    most = std::max(most, static_cast<uint8_t>(zeros + 1));
  }
}

// After Flajolet et al., "HyperLogLog". Above 10,000 values the correction for small counts matters up to 2.5
// registers' worth, and with hashes of 64 bits none is needed for large ones.
uint64_t DistinctCounter::count() const {
  if (!estimated_) return known_;
  const auto registers = static_cast<double>(registers_.size());
  double sum = 0, empty = 0;
  for (const uint8_t most : registers_) {
    sum += std::ldexp(1.0, -int{most});
    empty += most == 0;
  }
  const double raw = 0.7213 / (1 + 1.079 / registers) * registers * registers / sum;
  const double count = raw <= 2.5 * registers && empty > 0 ? registers * std::log(registers / empty) : raw;
  return static_cast<uint64_t>(std::llround(count));
}

void ColumnStatistics::keep_sample(std::string text) {
  if (std::ranges::find(samples_, text) == samples_.end()) samples_.push_back(std::move(text));
}

// What a value that was not there before changes, and one of which nobody knows whether it was.
void ColumnStatistics::learn_text(std::string_view text) {
  longest_ = std::max<uint64_t>(longest_, text.size());
  if (samples_.size() < kMostSamples) keep_sample(std::string(text));
  // Most texts are told from the extremes by their first bytes.
  const uint64_t head = head_of(text);
  if (!any_ || (head <= least_head_ && text < least_)) {
    least_ = text;
    least_head_ = head;
  }
  if (!any_ || (head >= most_head_ && text > most_)) {
    most_ = text;
    most_head_ = head;
  }
  any_ = true;
  if (many_) return;
  many_ = text.size() > kMostEnumBytes || text.empty();
  if (!many_) few_.emplace(text);
  many_ = many_ || few_.size() > kMostEnumValues;
}

void ColumnStatistics::add_texts(const Column& texts) {
  std::string_view tile[kTile];
  uint64_t hashes[kTile];
  for (size_t row = 0; row < texts.rows;) {
    size_t count = 0;
    for (; row < texts.rows && count < kTile; ++row)
      if (!texts.is_null(row)) tile[count++] = texts.text(row);
    for (size_t i = 0; i < count; ++i) hashes[i] = XXH3_64bits(tile[i].data(), tile[i].size());
    values_ += count;
    const size_t exact = distinct_.add({hashes, count}, [&](size_t i) { learn_text(tile[i]); });
    for (size_t i = exact; i < count; ++i) learn_text(tile[i]);
  }
}

// Numbers that the machine compares.
template <class T>
void ColumnStatistics::add_numbers(const Column& column) {
  Range<T> range;
  if (any_) {
    std::memcpy(&range.least, least_.data(), sizeof(T));
    std::memcpy(&range.most, most_.data(), sizeof(T));
  }
  const std::span<const T> values = column.as<T>();
  T kept[kTile];
  for (size_t row = 0; row < values.size(); row += kTile) {
    std::span<const T> tile = values.subspan(row, std::min(kTile, values.size() - row));
    if (column.nulls != 0) {
      size_t count = 0;
      for (size_t i = 0; i < tile.size(); ++i) {
        kept[count] = tile[i];
        count += !column.is_null(row + i);
      }
      tile = {kept, count};
    }
    values_ += tile.size();
    range.add(tile);
    count_numbers(tile);
  }
  any_ = range.least <= range.most;
  if (!any_) return;
  least_ = bytes_of(range.least);
  most_ = bytes_of(range.most);
}

// Of numbers of one or two bytes each has a mark; others are told apart by their hashes.
template <class T>
void ColumnStatistics::count_numbers(std::span<const T> tile) {
  const auto sample = [&](const T& value) {
    if (samples_.size() < kMostSamples) keep_sample(text_of(bytes_of(value), type_));
  };
  if constexpr (sizeof(T) <= 2) {
    if (marks_.empty()) marks_.resize(size_t{1} << (8 * sizeof(T)));
    uint8_t* const marks = marks_.data();
    for (const T& value : tile) {
      uint8_t& mark = marks[static_cast<std::make_unsigned_t<T>>(value)];
      if (mark == 0) sample(value);
      mark = 1;
    }
  } else {
    uint64_t hashes[kTile];
    for (size_t i = 0; i < tile.size(); ++i) hashes[i] = hash_of(tile[i]);
    distinct_.add({hashes, tile.size()}, [&](size_t i) { sample(tile[i]); });
  }
}

void ColumnStatistics::add_bytes(std::string_view value) {
  ++values_;
  const uint64_t hash = XXH3_64bits(value.data(), value.size());
  bool fresh = false;
  if (distinct_.add({&hash, 1}, [&](size_t) { fresh = true; }) == 1 && !fresh) return;
  if (samples_.size() < kMostSamples) keep_sample(text_of(value, type_));
  const Order order = order_of(type_.id);
  if (order == Order::kNone) return;
  if (!any_ || less(value, least_, order)) least_ = value;
  if (!any_ || less(most_, value, order)) most_ = value;
  any_ = true;
}

void ColumnStatistics::add_fixed(const Column& column) {
  const size_t width = byte_width(type_);
  switch (order_of(type_.id)) {
    case Order::kFloat32:
      return add_numbers<float>(column);
    case Order::kFloat64:
      return add_numbers<double>(column);
    case Order::kSigned:
      if (width == 1) return add_numbers<int8_t>(column);
      if (width == 2) return add_numbers<int16_t>(column);
      if (width == 4) return add_numbers<int32_t>(column);
      if (width == 8) return add_numbers<int64_t>(column);
      break;
    case Order::kUnsigned:
      if (width == 1) return add_numbers<uint8_t>(column);
      if (width == 2) return add_numbers<uint16_t>(column);
      if (width == 4) return add_numbers<uint32_t>(column);
      if (width == 8) return add_numbers<uint64_t>(column);
      break;
    default:
      break;
  }
  const auto* values = reinterpret_cast<const char*>(column.values.data());
  for (size_t row = 0; row < column.rows; ++row)
    if (!column.is_null(row)) add_bytes({values + row * width, width});
}

void ColumnStatistics::add(const Column& column) {
  type_ = column.type;
  nulls_ += column.nulls;
  if (is_read_from_text(type_.id)) return add_texts(texts_of(column));
  if (type_.id == TypeId::kString) return add_texts(column);
  add_fixed(column);
}

void ColumnStatistics::propose(const ProfileOptions& options, ColumnProfile& into) const {
  into.proposed = into.field.type;
  if (type_.id != TypeId::kString || values_ == 0 || type_.low_cardinality) return;
  const std::string count = std::to_string(into.distinct);
  if (options.enums && !many_) {
    EnumValues values;
    std::vector<std::string> names(few_.begin(), few_.end());
    std::ranges::sort(names);
    for (std::string& name : names) values.emplace_back(std::move(name), static_cast<int16_t>(values.size() + 1));
    into.proposed.id = TypeId::kEnum8;
    into.proposed.values = std::make_shared<const EnumValues>(std::move(values));
    into.why = "only " + count + " short values; a table takes no others then";
  } else if (into.distinct_is_exact && into.distinct * kRepeats <= values_) {
    into.proposed.low_cardinality = true;
    into.why = count + " values in " + std::to_string(values_) + " rows";
  }
}

void ColumnStatistics::describe(const ProfileOptions& options, ColumnProfile& into) const {
  into.nulls = nulls_;
  const bool is_text = type_.id == TypeId::kString || is_read_from_text(type_.id);
  into.min = is_text ? least_ : text_of(least_, type_);
  into.max = is_text ? most_ : text_of(most_, type_);
  into.distinct = distinct_.count() + static_cast<uint64_t>(std::ranges::count(marks_, uint8_t{1}));
  into.distinct_is_exact = distinct_.is_exact();
  into.longest_bytes = longest_;
  into.samples = samples_;
  propose(options, into);
}

}  // namespace flatbed
