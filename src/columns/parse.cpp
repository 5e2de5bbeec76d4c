// Values out of text, each shape of each type. Enters: the text of one field. Leaves: the value as a column holds it.
// Invariant: nothing wraps, rounds or is clipped; what the type cannot hold is a code.
#include "columns/parse.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "columns/swar.hpp"
#include "columns/timezone.hpp"

namespace flatbed {

namespace {

constexpr int32_t days_before(int year, int month) {
  // Years begin in March here, so that the leap day is the last one. After Hinnant, "chrono-Compatible Low-Level Date
  // Algorithms".
  const int y = month <= 2 ? year - 1 : year;
  const int era = (y >= 0 ? y : y - 399) / 400;
  const int of_era = y - era * 400;
  const int of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

constexpr auto make_month_starts() {
  std::array<int32_t, kTableMonths + 1> starts{};
  for (size_t i = 0; i <= kTableMonths; ++i)
    starts[i] = days_before(kFirstTableYear + static_cast<int>(i / 12), static_cast<int>(i % 12) + 1);
  return starts;
}

}  // namespace

constexpr std::array<int32_t, kTableMonths + 1> kMonthStarts = make_month_starts();

constexpr std::array<MonthPlace, kMonthPlaces> kMonthsByPlace = [] {
  std::array<MonthPlace, kMonthPlaces> places{};
  for (size_t i = 0; i < kTableMonths; ++i)
    places[i / 12 * 32 + i % 12 + 1] = {kMonthStarts[i], static_cast<uint32_t>(kMonthStarts[i + 1] - kMonthStarts[i])};
  return places;
}();

namespace {

template <class T>
Code store(const T& value, std::byte* out) {
  std::memcpy(out, &value, sizeof value);
  return Code::kOk;
}

// An unsigned integer of 256 bits, lowest limb first.
struct Wide {
  std::array<uint64_t, 4> limbs{};

  // Returns false when the result needs more than 256 bits.
  bool append(unsigned digit) {
    uint64_t carry = digit;
    for (uint64_t& limb : limbs) {
      const UInt128 product = static_cast<UInt128>(limb) * 10 + carry;
      limb = static_cast<uint64_t>(product);
      carry = static_cast<uint64_t>(product >> 64);
    }
    return carry == 0;
  }
  void negate() {
    uint64_t carry = 1;
    for (uint64_t& limb : limbs) {
      limb = ~limb + carry;
      carry = carry != 0 && limb == 0 ? 1 : 0;
    }
  }
  bool is_zero() const { return limbs == std::array<uint64_t, 4>{}; }
  // Tells whether the value is below 2^bits; bits is at most 256.
  bool fits(size_t bits) const {
    for (size_t i = 0; i < 4; ++i) {
      const size_t below = i * 64;
      if (bits <= below && limbs[i] != 0) return false;
      if (bits > below && bits < below + 64 && (limbs[i] >> (bits - below)) != 0) return false;
    }
    return true;
  }
  bool is_power_of_two(size_t bit) const {
    Wide power;
    power.limbs[bit / 64] = uint64_t{1} << (bit % 64);
    return limbs == power.limbs;
  }
};

// Reads "-?digits" into a sign and a magnitude. Every byte is looked at, so that "99...9x" is no number and not one
// out of range.
Code read_wide(std::string_view text, bool& negative, Wide& magnitude) {
  negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.empty() || !std::ranges::all_of(text, is_digit)) return Code::kNotOfType;
  for (const char c : text) {
    if (!magnitude.append(static_cast<unsigned>(c - '0'))) return Code::kOutOfRange;
  }
  return Code::kOk;
}

Code parse_wide_integer(std::string_view text, size_t bytes, bool is_signed, std::byte* out) {
  bool negative = false;
  Wide value;
  if (const Code code = read_wide(text, negative, value); code != Code::kOk) return code;
  const size_t bits = bytes * 8;
  if (!is_signed) {
    if (!value.fits(bits) || (negative && !value.is_zero())) return Code::kOutOfRange;
  } else if (!value.fits(bits - 1) && !(negative && value.is_power_of_two(bits - 1))) {
    return Code::kOutOfRange;
  }
  if (negative) value.negate();
  std::memcpy(out, value.limbs.data(), bytes);
  return Code::kOk;
}

template <class T>
Code parse_integer(std::string_view text, std::byte* out) {
  if constexpr (std::is_unsigned_v<T>) {
    // from_chars takes no sign for these types; "-0" is a value all the same.
    if (text.starts_with('-')) return parse_wide_integer(text, sizeof(T), false, out);
  }
  T value{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || problem == std::errc::invalid_argument) return Code::kNotOfType;
  if (problem == std::errc::result_out_of_range) return Code::kOutOfRange;
  return store(value, out);
}

// The scaled digits of a decimal as "-?digits", with zeros for the places that the text leaves out.
struct ScaledDigits {
  std::string_view whole, fraction;
  bool negative = false;
};

Code split_decimal(std::string_view text, ScaledDigits& parts) {
  parts.negative = text.starts_with('-');
  if (parts.negative) text.remove_prefix(1);
  const size_t point = text.find('.');
  parts.whole = text.substr(0, point);
  if (point != std::string_view::npos) parts.fraction = text.substr(point + 1);
  if (parts.whole.empty() && parts.fraction.empty()) return Code::kNotOfType;
  if (!std::ranges::all_of(parts.whole, is_digit) || !std::ranges::all_of(parts.fraction, is_digit))
    return Code::kNotOfType;
  return Code::kOk;
}

Code parse_decimal(std::string_view text, const Type& type, std::byte* out) {
  ScaledDigits parts;
  if (const Code code = split_decimal(text, parts); code != Code::kOk) return code;
  const size_t leading = std::min(parts.whole.find_first_not_of('0'), parts.whole.size());
  if (parts.whole.size() - leading > size_t{type.precision} - type.scale) return Code::kOutOfRange;
  const size_t last = parts.fraction.find_last_not_of('0');
  const size_t used = last == std::string_view::npos ? 0 : last + 1;
  if (used > type.scale) return Code::kInexact;
  Wide value;
  for (const char c : parts.whole) (void)value.append(static_cast<unsigned>(c - '0'));
  for (size_t i = 0; i < type.scale; ++i)
    (void)value.append(i < used ? static_cast<unsigned>(parts.fraction[i] - '0') : 0u);
  if (parts.negative) value.negate();
  std::memcpy(out, value.limbs.data(), byte_width(type));
  return Code::kOk;
}

// Reads up to 19 digits as a whole number and a power of ten; both exact in a double give an exact quotient or product.
// After Clinger, "How to read floating point numbers accurately".
bool parse_short_double(std::string_view text, double& value) {
  static constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                       1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.empty() || text.size() > 16) return false;
  uint64_t digits = 0;
  size_t count = 0;
  size_t point = text.size();
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '.' && point == text.size()) {
      point = i;
    } else if (is_digit(text[i])) {
      digits = digits * 10 + static_cast<uint64_t>(text[i] - '0');
      ++count;
    } else {
      return false;
    }
  }
  if (count == 0 || count > 15) return false;
  const size_t decimals = point == text.size() ? 0 : text.size() - point - 1;
  value = static_cast<double>(digits) / kPowers[decimals];
  if (negative) value = -value;
  return true;
}

template <class T>
Code parse_float(std::string_view text, std::byte* out) {
  if constexpr (std::is_same_v<T, double>) {
    if (double value = 0; parse_short_double(text, value)) return store(value, out);
  }
  T value{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || problem == std::errc::invalid_argument) return Code::kNotOfType;
  if (problem == std::errc::result_out_of_range) return Code::kOutOfRange;
  return store(value, out);
}

Code parse_bool(std::string_view text, std::byte* out) {
  if (text == "1" || text == "true" || text == "TRUE" || text == "True") return store(uint8_t{1}, out);
  if (text == "0" || text == "false" || text == "FALSE" || text == "False") return store(uint8_t{0}, out);
  return Code::kNotOfType;
}

// Reads the digits of text[at, at + count) as a number; -1 when one of them is none.
int number_at(std::string_view text, size_t at, size_t count) {
  if (at + count > text.size()) return -1;
  int value = 0;
  for (size_t i = at; i < at + count; ++i) {
    if (!is_digit(text[i])) return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

// Reads YYYY-MM-DD of the years 1900 to 2299; other years have the shape but lie outside of every type.
Code read_days(std::string_view text, int32_t& days) {
  if (text.size() != 10) return Code::kNotOfType;
  if (read_date(text.data(), days)) return Code::kOk;
  const int year = number_at(text, 0, 4), month = number_at(text, 5, 2), day = number_at(text, 8, 2);
  const bool shaped = text[4] == '-' && text[7] == '-' && year >= 0 && month >= 1 && month <= 12 && day >= 1;
  if (!shaped || (year >= kFirstTableYear && year <= kLastTableYear)) return Code::kNotOfType;
  const int next_year = month == 12 ? year + 1 : year, next_month = month == 12 ? 1 : month + 1;
  return day <= days_before(next_year, next_month) - days_before(year, month) ? Code::kOutOfRange : Code::kNotOfType;
}

template <class T>
Code parse_date(std::string_view text, std::byte* out) {
  int32_t days = 0;
  if (const Code code = read_days(text, days); code != Code::kOk) return code;
  if (!std::in_range<T>(days)) return Code::kOutOfRange;
  return store(static_cast<T>(days), out);
}

// Takes "Z", "+hh:mm" or "-hh:mm" off the end. Returns false when a sign is there but no zone.
bool take_zone(std::string_view& text, bool& zoned, int32_t& offset) {
  zoned = text.ends_with('Z');
  if (zoned) {
    text.remove_suffix(1);
    return true;
  }
  if (text.size() < 6 || (text[text.size() - 6] != '+' && text[text.size() - 6] != '-')) return true;
  const std::string_view zone = text.substr(text.size() - 6);
  const int hours = number_at(zone, 1, 2), minutes = number_at(zone, 4, 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || zone[3] != ':') return false;
  offset = (hours * 60 + minutes) * 60 * (zone[0] == '-' ? -1 : 1);
  zoned = true;
  text.remove_suffix(6);
  return true;
}

// Turns local seconds into UTC by the column's zone. A time that clocks skipped or showed twice is no single instant.
Code to_utc(const Type& type, int64_t& seconds) {
  if (type.timezone.empty() || type.timezone == "UTC") return Code::kOk;
  const TimeZone* zone = find_time_zone(type.timezone);
  if (zone == nullptr) return Code::kNotOfType;
  bool ambiguous = false, gap = false;
  seconds = zone->utc_of_local(seconds, ambiguous, gap);
  if (gap) return Code::kOutOfRange;
  return ambiguous ? Code::kInexact : Code::kOk;
}

// Reads "YYYY-MM-DD[ T]hh:mm:ss[.f...][zone]" as seconds and `scale` digits after the point.
Code read_instant(std::string_view text, const Type& type, size_t scale, int64_t& seconds, int64_t& fraction) {
  bool zoned = false;
  int32_t offset = 0;
  if (text.size() < 19 || !take_zone(text, zoned, offset)) return Code::kNotOfType;
  if (text.size() < 19 || (text[10] != ' ' && text[10] != 'T')) return Code::kNotOfType;
  int32_t days = 0, clock = 0;
  const Code date = read_days(text.substr(0, 10), days);
  if (date == Code::kNotOfType || !read_clock(text.data() + 11, clock)) return Code::kNotOfType;
  std::string_view digits = text.substr(19);
  if (!digits.empty() && (digits.size() == 1 || digits[0] != '.')) return Code::kNotOfType;
  if (!digits.empty()) digits.remove_prefix(1);
  if (!std::ranges::all_of(digits, is_digit)) return Code::kNotOfType;
  if (date != Code::kOk) return date;
  for (size_t i = 0; i < scale; ++i) fraction = fraction * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  if (digits.find_first_not_of('0', scale) != std::string_view::npos) return Code::kInexact;
  seconds = int64_t{days} * 86400 + clock - offset;
  return zoned ? Code::kOk : to_utc(type, seconds);
}

Code parse_datetime(std::string_view text, const Type& type, std::byte* out) {
  int64_t seconds = 0, fraction = 0;
  if (const Code code = read_instant(text, type, 0, seconds, fraction); code != Code::kOk) return code;
  if (!std::in_range<uint32_t>(seconds)) return Code::kOutOfRange;
  return store(static_cast<uint32_t>(seconds), out);
}

Code parse_datetime64(std::string_view text, const Type& type, std::byte* out) {
  int64_t seconds = 0, fraction = 0;
  if (const Code code = read_instant(text, type, type.scale, seconds, fraction); code != Code::kOk) return code;
  int64_t ticks = seconds;
  for (unsigned i = 0; i < type.scale; ++i) {
    if (__builtin_mul_overflow(ticks, 10, &ticks)) return Code::kOutOfRange;
  }
  if (__builtin_add_overflow(ticks, fraction, &ticks)) return Code::kOutOfRange;
  return store(ticks, out);
}

// Reads "[-]h:mm:ss[.f...]" of one to three digits of hours as ticks of 10^-scale seconds.
Code read_time(std::string_view text, size_t scale, int64_t& ticks) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const size_t colon = text.find(':');
  if (colon == 0 || colon > 3 || text.size() < colon + 6 || text[colon + 3] != ':') return Code::kNotOfType;
  const int hours = number_at(text, 0, colon), minutes = number_at(text, colon + 1, 2),
            seconds = number_at(text, colon + 4, 2);
  if (hours < 0 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 59) return Code::kNotOfType;
  std::string_view digits = text.substr(colon + 6);
  if (!digits.empty() && (digits.size() == 1 || digits[0] != '.')) return Code::kNotOfType;
  if (!digits.empty()) digits.remove_prefix(1);
  if (!std::ranges::all_of(digits, is_digit)) return Code::kNotOfType;
  if (digits.find_first_not_of('0', scale) != std::string_view::npos) return Code::kInexact;
  ticks = (int64_t{hours} * 60 + minutes) * 60 + seconds;
  for (size_t i = 0; i < scale; ++i) ticks = ticks * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  if (negative) ticks = -ticks;
  return Code::kOk;
}

Code parse_time(std::string_view text, std::byte* out) {
  int64_t seconds = 0;
  const Code code = read_time(text, 0, seconds);
  return code == Code::kOk ? store(static_cast<int32_t>(seconds), out) : code;
}

Code parse_time64(std::string_view text, const Type& type, std::byte* out) {
  int64_t ticks = 0;
  const Code code = read_time(text, type.scale, ticks);
  return code == Code::kOk ? store(ticks, out) : code;
}

// The nearest one, as for the other floats: ties to even.
Code parse_bfloat16(std::string_view text, std::byte* out) {
  std::array<std::byte, 4> single{};
  if (const Code code = parse_float<float>(text, single.data()); code != Code::kOk) return code;
  uint32_t bits = 0;
  std::memcpy(&bits, single.data(), sizeof(bits));
  constexpr uint32_t kInfinity = 0x7F800000;
  const bool finite = (bits & kInfinity) != kInfinity;
  if (finite) bits += 0x7FFF + (bits >> 16 & 1);
  if (finite && (bits & kInfinity) == kInfinity) return Code::kOutOfRange;
  return store(static_cast<uint16_t>(bits >> 16), out);
}

constexpr std::array<int8_t, 256> kHexDigits = [] {
  std::array<int8_t, 256> digits{};
  digits.fill(-1);
  for (int i = 0; i < 10; ++i) digits[static_cast<size_t>('0' + i)] = static_cast<int8_t>(i);
  for (int i = 0; i < 6; ++i) {
    digits[static_cast<size_t>('a' + i)] = static_cast<int8_t>(10 + i);
    digits[static_cast<size_t>('A' + i)] = static_cast<int8_t>(10 + i);
  }
  return digits;
}();

int hex_digit(char c) {
  return kHexDigits[static_cast<unsigned char>(c)];
}

Code parse_uuid(std::string_view text, std::byte* out) {
  if (text.size() != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-')
    return Code::kNotOfType;
  uint64_t halves[2] = {};
  int bad = 0;
  const auto take = [&](uint64_t& half, size_t at, size_t count) {
    for (size_t i = at; i < at + count; ++i) {
      const int digit = hex_digit(text[i]);
      bad |= digit;
      half = half << 4 | static_cast<uint64_t>(digit & 15);
    }
  };
  take(halves[0], 0, 8);
  take(halves[0], 9, 4);
  take(halves[0], 14, 4);
  take(halves[1], 19, 4);
  take(halves[1], 24, 12);
  if (bad < 0) return Code::kNotOfType;
  std::memcpy(out, halves, sizeof halves);
  return Code::kOk;
}

// Reads four numbers of one to three digits; a leading zero could mean octal elsewhere, so it is none.
bool read_ipv4(std::string_view text, uint32_t& address) {
  for (int part = 0; part < 4; ++part) {
    const size_t length = part < 3 ? text.find('.') : text.size();
    if (length == std::string_view::npos || length < 1 || length > 3) return false;
    const int number = number_at(text, 0, length);
    if (number < 0 || number > 255 || (length > 1 && text[0] == '0')) return false;
    address = address << 8 | static_cast<uint32_t>(number);
    text.remove_prefix(part < 3 ? length + 1 : length);
  }
  return true;
}

Code parse_ipv4(std::string_view text, std::byte* out) {
  uint32_t address = 0;
  return read_ipv4(text, address) ? store(address, out) : Code::kNotOfType;
}

// Reads groups of hex digits, with at most one "::" for a run of zeros, and an IPv4 address in the place of the last
// two.
Code parse_ipv6(std::string_view text, std::byte* out) {
  std::array<uint16_t, 8> groups{};
  size_t count = 0;
  size_t gap = 9;
  if (text.starts_with("::")) {
    gap = 0;
    text.remove_prefix(2);
  } else if (text.starts_with(':')) {
    return Code::kNotOfType;
  }
  bool more = !text.empty();
  while (more) {
    const size_t length = std::min(text.find(':'), text.size());
    uint32_t address = 0;
    if (count <= 6 && length == text.size() && read_ipv4(text, address)) {
      groups[count++] = static_cast<uint16_t>(address >> 16);
      groups[count++] = static_cast<uint16_t>(address);
      break;
    }
    if (length < 1 || length > 4 || count == 8) return Code::kNotOfType;
    for (const char c : text.substr(0, length)) {
      if (hex_digit(c) < 0) return Code::kNotOfType;
      groups[count] = static_cast<uint16_t>(groups[count] << 4 | hex_digit(c));
    }
    ++count;
    more = length < text.size();
    text.remove_prefix(more ? length + 1 : length);
    if (more && text.starts_with(':')) {
      if (gap != 9) return Code::kNotOfType;
      gap = count;
      text.remove_prefix(1);
      more = !text.empty();
    } else if (more && text.empty()) {
      return Code::kNotOfType;
    }
  }
  if (gap == 9 ? count != 8 : count == 8) return Code::kNotOfType;
  if (gap != 9)
    std::rotate(groups.begin() + static_cast<long>(gap), groups.begin() + static_cast<long>(count), groups.end());
  for (size_t i = 0; i < 8; ++i) {
    out[2 * i] = static_cast<std::byte>(groups[i] >> 8);
    out[2 * i + 1] = static_cast<std::byte>(groups[i] & 0xFF);
  }
  return Code::kOk;
}

Code parse_enum(std::string_view text, const Type& type, std::byte* out) {
  if (type.values == nullptr) return Code::kNotOfType;
  for (const auto& [name, number] : *type.values) {
    if (name == text) return type.id == TypeId::kEnum8 ? store(static_cast<int8_t>(number), out) : store(number, out);
  }
  return Code::kNotOfType;
}

Code parse_fixed_string(std::string_view text, const Type& type, std::byte* out) {
  if (text.size() > type.width) return Code::kOutOfRange;
  std::memset(out, 0, type.width);
  std::memcpy(out, text.data(), text.size());
  return Code::kOk;
}

}  // namespace

Code parse_value(std::string_view text, const Type& type, std::byte* out) noexcept {
  switch (type.id) {
    case TypeId::kBool:
      return parse_bool(text, out);
    case TypeId::kInt8:
      return parse_integer<int8_t>(text, out);
    case TypeId::kInt16:
      return parse_integer<int16_t>(text, out);
    case TypeId::kInt32:
      return parse_integer<int32_t>(text, out);
    case TypeId::kInt64:
      return parse_integer<int64_t>(text, out);
    case TypeId::kUInt8:
      return parse_integer<uint8_t>(text, out);
    case TypeId::kUInt16:
      return parse_integer<uint16_t>(text, out);
    case TypeId::kUInt32:
      return parse_integer<uint32_t>(text, out);
    case TypeId::kUInt64:
      return parse_integer<uint64_t>(text, out);
    case TypeId::kInt128:
    case TypeId::kInt256:
      return parse_wide_integer(text, byte_width(type), true, out);
    case TypeId::kUInt128:
    case TypeId::kUInt256:
      return parse_wide_integer(text, byte_width(type), false, out);
    case TypeId::kFloat32:
      return parse_float<float>(text, out);
    case TypeId::kFloat64:
      return parse_float<double>(text, out);
    case TypeId::kDecimal32:
    case TypeId::kDecimal64:
    case TypeId::kDecimal128:
    case TypeId::kDecimal256:
      return parse_decimal(text, type, out);
    case TypeId::kDate:
      return parse_date<uint16_t>(text, out);
    case TypeId::kDate32:
      return parse_date<int32_t>(text, out);
    case TypeId::kDateTime:
      return parse_datetime(text, type, out);
    case TypeId::kDateTime64:
      return parse_datetime64(text, type, out);
    case TypeId::kUuid:
      return parse_uuid(text, out);
    case TypeId::kIpv4:
      return parse_ipv4(text, out);
    case TypeId::kIpv6:
      return parse_ipv6(text, out);
    case TypeId::kEnum8:
    case TypeId::kEnum16:
      return parse_enum(text, type, out);
    case TypeId::kFixedString:
      return parse_fixed_string(text, type, out);
    case TypeId::kBFloat16:
      return parse_bfloat16(text, out);
    case TypeId::kTime:
      return parse_time(text, out);
    case TypeId::kTime64:
      return parse_time64(text, type, out);
    case TypeId::kString:
    case TypeId::kJson:
    case TypeId::kState:
    case TypeId::kArray:
    case TypeId::kTuple:
    case TypeId::kMap:
      return Code::kInternal;
  }
  return Code::kInternal;
}

}  // namespace flatbed
