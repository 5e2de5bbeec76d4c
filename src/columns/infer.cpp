// The narrowest type of a column, from every value. Enters: fields as text, with their lines. Leaves: a Field whose
// type holds each of them exactly, and the line that decided it. Invariant: neither the order of the values nor the
// way they were split and merged changes the type.
#include "columns/infer.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstring>
#include <span>

namespace flatbed {
namespace {

constexpr int kMostDecimalDigits = 76;
constexpr size_t kMostNulls = 8;

// Largest values of Int8, UInt8, Int16, ... UInt256, as digits.
constexpr std::string_view kMost[] = {"127",
                                      "255",
                                      "32767",
                                      "65535",
                                      "2147483647",
                                      "4294967295",
                                      "9223372036854775807",
                                      "18446744073709551615",
                                      "170141183460469231731687303715884105727",
                                      "340282366920938463463374607431768211455",
                                      "57896044618658097711785492504343953926634992332820282019728792003956564819967",
                                      "115792089237316195423570985008687907853269984665640564039457584007913129639935"};
// Magnitudes of the smallest values of Int8 to Int256.
constexpr std::string_view kLeast[] = {"128",
                                       "32768",
                                       "2147483648",
                                       "9223372036854775808",
                                       "170141183460469231731687303715884105728",
                                       "57896044618658097711785492504343953926634992332820282019728792003956564819968"};
constexpr TypeId kSigned[] = {TypeId::kInt8,  TypeId::kInt16,  TypeId::kInt32,
                              TypeId::kInt64, TypeId::kInt128, TypeId::kInt256};
constexpr TypeId kUnsigned[] = {TypeId::kUInt8,  TypeId::kUInt16,  TypeId::kUInt32,
                                TypeId::kUInt64, TypeId::kUInt128, TypeId::kUInt256};
constexpr int kWidths = static_cast<int>(std::size(kSigned));

size_t count_digits(std::string_view text) noexcept {
  size_t count = 0;
  while (count < text.size() && is_digit(text[count])) ++count;
  return count;
}

// Returns the first limit that `digits`, without leading zeros, does not pass, or the number of limits.
int level_of(std::string_view digits, std::span<const std::string_view> limits) noexcept {
  const auto fits = [digits](std::string_view limit) {
    return digits.size() != limit.size() ? digits.size() < limit.size() : digits <= limit;
  };
  return static_cast<int>(std::find_if(limits.begin(), limits.end(), fits) - limits.begin());
}

// A number as it is written: -12.50e3 is {12, 50, e3}.
struct Number {
  std::string_view integer, fraction, exponent;
  bool point = false;
};

// Reads -?digits[.digits][e[+-]digits]; numbers that begin with a needless zero are not numbers but codes.
bool split_number(std::string_view text, Number& number) noexcept {
  if (text.starts_with('-')) text.remove_prefix(1);
  number.integer = text.substr(0, count_digits(text));
  if (number.integer.empty() || (number.integer.size() > 1 && number.integer[0] == '0')) return false;
  text.remove_prefix(number.integer.size());
  if (text.starts_with('.')) {
    number.point = true;
    number.fraction = text.substr(1, count_digits(text.substr(1)));
    if (number.fraction.empty()) return false;
    text.remove_prefix(1 + number.fraction.size());
  }
  if (text.empty()) return true;
  if (text[0] != 'e' && text[0] != 'E') return false;
  number.exponent = text;
  const size_t sign = text.size() > 1 && (text[1] == '-' || text[1] == '+') ? 2 : 1;
  return text.size() > sign && sign + count_digits(text.substr(sign)) == text.size();
}

// The digits that count: without zeros at the front, zeros at the end, point and exponent.
std::string significant(std::string_view integer, std::string_view fraction) {
  std::string digits(integer);
  digits += fraction;
  const size_t first = digits.find_first_not_of('0');
  if (first == std::string::npos) return {};
  return digits.substr(first, digits.find_last_not_of('0') + 1 - first);
}

// Tells whether a Float64 read from the text is written with the same digits again.
bool float_keeps(std::string_view text, const Number& number) {
  constexpr size_t kAlwaysKept = 15;
  if (number.exponent.empty() && number.integer.size() + number.fraction.size() <= kAlwaysKept) return true;
  double value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc()) return false;
  const std::string digits = significant(number.integer, number.fraction);
  if (digits.size() <= kAlwaysKept && (digits.empty() || std::isnormal(value))) return true;
  char again[32];
  const auto end = std::to_chars(again, again + sizeof again, std::fabs(value), std::chars_format::scientific).ptr;
  const std::string_view mantissa(again, std::find(again, end, 'e'));
  return significant(mantissa.substr(0, 1), mantissa.size() > 2 ? mantissa.substr(2) : "") == digits;
}

bool is_infinite_or_nan(std::string_view text) noexcept {
  return text == "inf" || text == "-inf" || text == "nan" || text == "NaN" || text == "Inf" || text == "-Inf";
}

bool is_bool(std::string_view text) noexcept {
  return text == "true" || text == "false" || text == "TRUE" || text == "FALSE" || text == "True" || text == "False";
}

int two_digits(const char* at) noexcept {
  return is_digit(at[0]) && is_digit(at[1]) ? (at[0] - '0') * 10 + (at[1] - '0') : -1;
}

// Reads YYYY-MM-DD into days since 1970-01-01.
bool read_date(std::string_view text, int64_t& day) noexcept {
  if (text.size() < 10 || text[4] != '-' || text[7] != '-') return false;
  const int century = two_digits(text.data()), year = two_digits(text.data() + 2);
  const int month = two_digits(text.data() + 5), dom = two_digits(text.data() + 8);
  if (century < 0 || year < 0 || month < 0 || dom < 0) return false;
  const std::chrono::year_month_day date{std::chrono::year(century * 100 + year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(dom))};
  if (!date.ok()) return false;
  day = std::chrono::sys_days(date).time_since_epoch().count();
  return true;
}

// Reads a pair of numbers with a colon between.
bool read_clock(std::string_view text, int most_hours, int& minutes) noexcept {
  if (text.size() < 5 || text[2] != ':') return false;
  const int hours = two_digits(text.data()), rest = two_digits(text.data() + 3);
  minutes = hours * 60 + rest;
  return hours >= 0 && hours <= most_hours && rest >= 0 && rest <= 59;
}

struct Time {
  int64_t second = 0;  // since 1970-01-01 UTC, or local
  int fraction = 0;    // digits
  bool zoned = false;
};

// Reads what follows the seconds: .fff, then Z or +hh:mm.
bool read_fraction_and_zone(std::string_view text, Time& time) noexcept {
  constexpr int kMostFraction = 9, kMostOffsetHours = 14;
  if (text.starts_with('.')) {
    time.fraction = static_cast<int>(count_digits(text.substr(1)));
    if (time.fraction == 0 || time.fraction > kMostFraction) return false;
    text.remove_prefix(static_cast<size_t>(time.fraction) + 1);
  }
  time.zoned = !text.empty();
  if (text.empty() || text == "Z") return true;
  int offset = 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || !read_clock(text.substr(1), kMostOffsetHours, offset))
    return false;
  time.second -= (text[0] == '+' ? 60 : -60) * offset;
  return true;
}

// Reads YYYY-MM-DD[ T]hh:mm:ss[.fff][Z|+hh:mm].
bool read_time(std::string_view text, Time& time) noexcept {
  int64_t day = 0;
  int minutes = 0;
  if (text.size() < 19 || (text[10] != ' ' && text[10] != 'T') || text[16] != ':' || !read_date(text, day) ||
      !read_clock(text.substr(11), 23, minutes))
    return false;
  const int seconds = two_digits(text.data() + 17);
  if (seconds < 0 || seconds > 59) return false;
  time.second = day * 86400 + minutes * 60 + seconds;
  return read_fraction_and_zone(text.substr(19), time);
}

bool is_uuid(std::string_view text) noexcept {
  if (text.size() != 36) return false;
  for (size_t at = 0; at < text.size(); ++at) {
    const bool dash = at == 8 || at == 13 || at == 18 || at == 23;
    const char c = text[at];
    const bool hex = is_digit(c) || static_cast<unsigned char>((c | 0x20) - 'a') < 6;
    if (dash ? c != '-' : !hex) return false;
  }
  return true;
}

bool is_address(int family, std::string_view text) noexcept {
  char terminated[INET6_ADDRSTRLEN] = {};
  if (text.size() >= sizeof terminated || text.find('\0') != std::string_view::npos) return false;
  std::memcpy(terminated, text.data(), text.size());
  in6_addr address;
  return inet_pton(family, terminated, &address) == 1;
}

// What a person needs to find the value again.
std::string shortened(std::string_view text) {
  constexpr size_t kMostBytes = 40;
  if (text.size() <= kMostBytes) return std::string(text);
  size_t end = kMostBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "...";
}

int64_t below_power_of_ten(int digits) noexcept {
  int64_t power = 1;
  for (int at = 0; at < std::min(digits, 18); ++at) power *= 10;
  return power - 1;
}

// Returns how many digits a number may have and lie between 0 and `most` for certain; no more than 17 are told.
size_t digits_below(int64_t most) noexcept {
  size_t digits = 0;
  for (int64_t power = 10; digits < 17 && power - 1 <= most; power *= 10) ++digits;
  return digits;
}

// The limit of a level as a number, when 18 digits hold it.
int64_t limit_at(std::span<const std::string_view> limits, int level) noexcept {
  if (level < 0) return -1;
  int64_t value = below_power_of_ten(18);
  const std::string_view digits = limits[static_cast<size_t>(level)];
  if (digits.size() <= 18) std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

}  // namespace

int Climb::up_to(uint64_t line) const noexcept {
  int level = -1;
  for (const Step& step : steps_) {
    if (step.at.line > line) break;
    level = step.level;
  }
  return level;
}

bool Climb::add(int level, uint64_t line, std::string_view text) {
  if (level <= top()) return false;
  insert({level, {line, shortened(text)}});
  return true;
}

void Climb::merge(const Climb& other) {
  for (const Step& step : other.steps_) insert(step);
}

void Climb::insert(Step step) {
  const auto after =
      std::find_if(steps_.begin(), steps_.end(), [&](const Step& s) { return s.at.line > step.at.line; });
  if (after != steps_.begin() && std::prev(after)->level >= step.level) return;
  auto higher = std::find_if(after, steps_.end(), [&](const Step& s) { return s.level > step.level; });
  steps_.insert(steps_.erase(after, higher), std::move(step));
}

void ColumnInference::see(Trait trait, uint64_t line, std::string_view text) {
  if (first_[trait].line <= line) return;
  if (first_[trait].line == Witness::kNever) fresh_ = true;
  first_[trait] = {line, shortened(text)};
}

// What `field` can be is tried in the order of what is cheap to exclude.
void ColumnInference::classify(std::string_view field, uint64_t line) {
  const bool numeric = !field.empty() && (is_digit(field[0]) || field[0] == '-');
  if (!numeric || (!add_number(field, line) && !add_time(field, line) && !add_ordered_date(field, line)))
    see(trait_of(field, numeric), line, field);
  if (fresh_) refresh();
}

void ColumnInference::classify_text(std::string_view text, uint64_t line) {
  const bool numeric = !text.empty() && (is_digit(text[0]) || text[0] == '-');
  if (!numeric || (!add_time(text, line) && !add_ordered_date(text, line))) {
    const Trait trait = trait_of(text, numeric);
    see(trait == kBool || trait == kFloat ? kText : trait, line, text);
  }
  if (fresh_) refresh();
}

ColumnInference::Trait ColumnInference::trait_of(std::string_view field, bool numeric) {
  if (is_bool(field)) return kBool;
  if (is_infinite_or_nan(field)) return kFloat;
  if (is_uuid(field)) return kUuid;
  if (numeric && is_address(AF_INET, field)) return kIpv4;
  if (field.find(':') != std::string_view::npos && is_address(AF_INET6, field)) return kIpv6;
  return kText;
}

bool ColumnInference::add_number(std::string_view field, uint64_t line) {
  Number number;
  if (!split_number(field, number)) return false;
  const bool with_exponent = !number.exponent.empty();
  if (!number.point && !with_exponent && !add_integer(field, number.integer, line)) return false;
  if (with_exponent) {
    double value = 0;
    if (std::from_chars(field.data(), field.data() + field.size(), value).ec != std::errc()) return false;
    see(kFloat, line, field);
  } else {
    const auto digits = static_cast<int>(number.integer.size()), scale = static_cast<int>(number.fraction.size());
    if (number.point && digits + scale > kMostDecimalDigits) return false;
    if (number.point) see(kDecimal, line, field);
    fresh_ |= integer_digits_.add(digits, line, field);
    fresh_ |= scale_.add(scale, line, field);
  }
  if (first_[kNotFloat].line > line && !float_keeps(field, number)) see(kNotFloat, line, field);
  return true;
}

bool ColumnInference::add_integer(std::string_view field, std::string_view digits, uint64_t line) {
  const bool negative = field[0] == '-';
  const int level = negative ? level_of(digits, kLeast) : level_of(digits, kMost);
  if (level == (negative ? kWidths : 2 * kWidths)) return false;
  see(kInteger, line, field);
  fresh_ |= (negative ? negative_ : positive_).add(level, line, field);
  return true;
}

bool ColumnInference::add_time(std::string_view field, uint64_t line) {
  int64_t day = 0;
  if (field.size() == 10 && read_date(field, day)) {
    add_date(field, day, line);
    return true;
  }
  constexpr int64_t kFirst = -2208988800, kLast = 10413791999;  // 1900-01-01 to the end of 2299
  constexpr int64_t kLastOfDateTime = 4294967295, kLastInNanoseconds = 9223372035;
  Time time;
  if (!read_time(field, time)) return false;
  const bool carried = time.second >= kFirst && time.second <= kLast;
  see(!carried ? kText : time.zoned ? kZonedTime : kLocalTime, line, field);
  if (time.second < 0 || time.second > kLastOfDateTime) see(kWideTime, line, field);
  if (time.second > kLastInNanoseconds) see(kWidestTime, line, field);
  fresh_ |= fraction_.add((time.fraction + 2) / 3 * 3, line, field);
  return true;
}

bool ColumnInference::add_ordered_date(std::string_view field, uint64_t line) {
  constexpr int kFirstYear = 1900, kLastYear = 2299, kFirstOfDate = 1970, kLastOfDate = 2148;
  constexpr int kLastOfDateTime = 2105, kLastInNanoseconds = 2261;
  OrderedDate date;
  if (dates_.text || !read_ordered_date(field, date)) return false;
  if (date.year < kFirstYear || date.year > kLastYear) return false;
  const bool day_first = date.is_day(DateOrder::kDayFirst), month_first = date.is_day(DateOrder::kMonthFirst);
  if (!day_first && !month_first) return false;
  see(!month_first                ? kDayFirst
      : !day_first                ? kMonthFirst
      : date.first == date.second ? kSameOrder
                                  : kEitherOrder,
      line, field);
  if (date.year < kFirstOfDate || date.year > kLastOfDate) see(kOrderedDate32, line, field);
  if (date.year < kFirstOfDate || date.year > kLastOfDateTime) see(kWideTime, line, field);
  if (date.year > kLastInNanoseconds) see(kWidestTime, line, field);
  if (!date.timed) return true;
  see(kOrderedTime, line, field);
  fresh_ |= fraction_.add((static_cast<int>(date.fraction_digits) + 2) / 3 * 3, line, field);
  return true;
}

void ColumnInference::add_null_text(std::string_view text, uint64_t line) {
  see(kNull, line, text.empty() ? "(empty)" : text);
  const auto known = std::ranges::find(nulls_, text, &Witness::text);
  if (known == nulls_.end()) {
    if (nulls_.size() < kMostNulls) nulls_.push_back({line, std::string(text)});
  } else {
    std::rotate(known, known + 1, nulls_.end());
  }
}

void ColumnInference::add_date(std::string_view field, int64_t day, uint64_t line) {
  constexpr int64_t kFirst = -25567, kLast = 120529;  // 1900-01-01 and 2299-12-31
  constexpr int64_t kLastOfDate = 65535;
  constexpr int64_t kLastOfDateTime = 4294967295 / 86400 - 1, kLastInNanoseconds = 9223372036 / 86400 - 1;
  const bool carried = day >= kFirst && day <= kLast;
  see(!carried ? kText : day >= 0 && day <= kLastOfDate ? kDate : kDate32, line, field);
  // A date among times becomes a time.
  if (day < 0 || day > kLastOfDateTime) see(kWideTime, line, field);
  if (day > kLastInNanoseconds) see(kWidestTime, line, field);
}

// Works out again what add() may skip.
void ColumnInference::refresh() {
  fresh_ = false;
  const Type type = type_up_to(Witness::kEver);
  const bool any =
      std::any_of(first_.begin() + 1, first_.end(), [](const Witness& w) { return w.line != Witness::kNever; });
  is_text_ = any && type.id == TypeId::kString;
  refresh_limits();
}

void ColumnInference::refresh_limits() {
  const auto met = [this](Trait trait) { return first_[trait].line != Witness::kNever; };
  constexpr int64_t kExactInFloat = int64_t{1} << 53;
  constexpr int kFastDigits = 18, kDigitsFloatKeeps = 15;
  const int64_t most = std::min(below_power_of_ten(integer_digits_.top()),
                                met(kNotFloat) ? below_power_of_ten(kFastDigits) : kExactInFloat);
  high_ = std::min(most, limit_at(kMost, positive_.top()));
  low_ = std::min(most, limit_at(kLeast, negative_.top()));
  high_digits_ = digits_below(high_);
  low_digits_ = digits_below(low_);
  if (met(kDecimal)) {
    // Together they stay below what a Float64 keeps, in case the column becomes one.
    const int scale = std::min(scale_.top(), kDigitsFloatKeeps);
    const int digits = integer_digits_.top();
    covered_scale_ = static_cast<size_t>(scale);
    covered_digits_ = static_cast<size_t>(met(kNotFloat) ? digits : std::min(digits, kDigitsFloatKeeps - scale));
  }
  usual_ = met(kLocalTime) || met(kZonedTime) ? Usual::kTime
           : met(kDate)                       ? Usual::kDate
           : met(kInteger) || met(kDecimal)   ? Usual::kNumber
                                              : Usual::kOther;
  ++changes_;
}

ColumnInference::Covered ColumnInference::covered() const {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  constexpr size_t kMostScale = 8;
  if (is_text_) return {};
  if (usual_ == Usual::kDate) return {.type = {.id = TypeId::kDate}, .high = kLastPlainDate};
  if (usual_ != Usual::kNumber) return {};
  if (covered_scale_ == 0)
    return {
        .type = {.id = TypeId::kInt64}, .low = std::min<int64_t>(-low_, 0), .high = high_, .unsigned_only = low_ < 0};
  if (covered_scale_ > kMostScale || covered_digits_ == 0) return {};
  // Beside decimals an integer says no more than they do.
  return {.type = {.id = TypeId::kDecimal64,
                   .precision = static_cast<uint8_t>(std::min<size_t>(covered_digits_ + covered_scale_, 18)),
                   .scale = static_cast<uint8_t>(covered_scale_)},
          .low = -kMost,
          .high = kMost};
}

void ColumnInference::merge(const ColumnInference& later) {
  for (size_t at = 0; at < first_.size(); ++at)
    if (later.first_[at].line < first_[at].line) first_[at] = later.first_[at];
  positive_.merge(later.positive_);
  negative_.merge(later.negative_);
  integer_digits_.merge(later.integer_digits_);
  scale_.merge(later.scale_);
  fraction_.merge(later.fraction_);
  for (const Witness& null : later.nulls_) {
    const auto known = std::ranges::find(nulls_, null.text, &Witness::text);
    if (known == nulls_.end())
      nulls_.push_back(null);
    else
      known->line = std::min(known->line, null.line);
  }
  if (nulls_.size() > kMostNulls) {
    std::ranges::stable_sort(nulls_, {}, &Witness::line);
    nulls_.resize(kMostNulls);
  }
  refresh();
}

Type ColumnInference::type_up_to(uint64_t line) const {
  const bool number = seen(kInteger, line) || seen(kDecimal, line) || seen(kFloat, line);
  const bool time = seen(kDate, line) || seen(kDate32, line) || seen(kLocalTime, line) || seen(kZonedTime, line);
  const bool ordered =
      seen(kDayFirst, line) || seen(kMonthFirst, line) || seen(kEitherOrder, line) || seen(kSameOrder, line);
  const int families = int{seen(kBool, line)} + int{number} + int{time} + int{ordered} + int{seen(kUuid, line)} +
                       int{seen(kIpv4, line)} + int{seen(kIpv6, line)};
  if (seen(kText, line) || families != 1) return {.id = TypeId::kString};
  if (number) return number_up_to(line);
  if (time) return time_up_to(line);
  if (ordered) return ordered_date_up_to(line);
  return {.id = seen(kBool, line)   ? TypeId::kBool
                : seen(kUuid, line) ? TypeId::kUuid
                : seen(kIpv4, line) ? TypeId::kIpv4
                                    : TypeId::kIpv6};
}

Type ColumnInference::number_up_to(uint64_t line) const {
  if (seen(kFloat, line)) return {.id = seen(kNotFloat, line) ? TypeId::kString : TypeId::kFloat64};
  if (seen(kDecimal, line)) {
    const int scale = scale_.up_to(line), precision = integer_digits_.up_to(line) + scale;
    if (precision > kMostDecimalDigits) return {.id = TypeId::kString};
    return {.id = precision <= 9    ? TypeId::kDecimal32
                  : precision <= 18 ? TypeId::kDecimal64
                  : precision <= 38 ? TypeId::kDecimal128
                                    : TypeId::kDecimal256,
            .precision = static_cast<uint8_t>(precision),
            .scale = static_cast<uint8_t>(scale)};
  }
  const int positive = positive_.up_to(line), negative = negative_.up_to(line);
  if (negative < 0) return {.id = kUnsigned[positive / 2]};
  const int width = std::max(negative, (positive + 1) / 2);
  return {.id = width < kWidths ? kSigned[width] : TypeId::kString};
}

Type ColumnInference::time_up_to(uint64_t line) const {
  const bool dates = seen(kDate, line) || seen(kDate32, line);
  const bool local = seen(kLocalTime, line), zoned = seen(kZonedTime, line);
  if (!local && !zoned) return {.id = seen(kDate32, line) ? TypeId::kDate32 : TypeId::kDate};
  // Which zone a time without one has is not ours to guess.
  if (zoned && (local || dates)) return {.id = TypeId::kString};
  return instant_up_to(line, zoned);
}

Type ColumnInference::instant_up_to(uint64_t line, bool zoned) const {
  const int scale = fraction_.up_to(line);
  Type type{.id = TypeId::kDateTime, .timezone = zoned ? "UTC" : ""};
  if (scale == 0 && !seen(kWideTime, line)) return type;
  if (scale == 9 && seen(kWidestTime, line)) return {.id = TypeId::kString};
  type.id = TypeId::kDateTime64;
  type.scale = static_cast<uint8_t>(scale);
  return type;
}

bool ColumnInference::day_first(uint64_t line) const noexcept {
  return seen(kDayFirst, line) || (dates_.order == DateOrder::kDayFirst && seen(kEitherOrder, line));
}

bool ColumnInference::month_first(uint64_t line) const noexcept {
  return seen(kMonthFirst, line) || (dates_.order == DateOrder::kMonthFirst && seen(kEitherOrder, line));
}

// Dates of either order are dates; what is not settled is which.
Type ColumnInference::ordered_date_up_to(uint64_t line) const {
  if (day_first(line) && month_first(line)) return {.id = TypeId::kString};
  if (seen(kOrderedTime, line)) return instant_up_to(line, false);
  return {.id = seen(kOrderedDate32, line) ? TypeId::kDate32 : TypeId::kDate};
}

DateOrder ColumnInference::date_order() const noexcept {
  constexpr uint64_t kLine = Witness::kEver;
  const bool ordered =
      seen(kDayFirst, kLine) || seen(kMonthFirst, kLine) || seen(kEitherOrder, kLine) || seen(kSameOrder, kLine);
  if (!ordered || type_up_to(kLine).id == TypeId::kString) return DateOrder::kNone;
  if (month_first(kLine)) return DateOrder::kMonthFirst;
  // A column of dates such as 04/04/2026 alone is the same in both orders.
  return day_first(kLine) || !seen(kEitherOrder, kLine) ? DateOrder::kDayFirst : DateOrder::kUnsure;
}

// Every value that may have changed the type, in order of lines.
std::vector<const Witness*> ColumnInference::witnesses() const {
  std::vector<const Witness*> all;
  for (const Witness& witness : first_)
    if (witness.line != Witness::kNever) all.push_back(&witness);
  for (const Climb* climb : {&positive_, &negative_, &integer_digits_, &scale_, &fraction_})
    for (const Climb::Step& step : climb->steps()) all.push_back(&step.at);
  std::ranges::stable_sort(all, {}, &Witness::line);
  return all;
}

// The first value that made the type what it is.
std::string ColumnInference::decider(const Type& type) const {
  for (const Witness* witness : witnesses())
    if (witness != &first_[kNull] && type_up_to(witness->line) == type)
      return "line " + std::to_string(witness->line) + " \"" + witness->text + "\"";
  return "no value";
}

std::vector<Evidence::Step> ColumnInference::steps() const {
  std::vector<Evidence::Step> steps;
  bool value = false;
  for (const Witness* witness : witnesses()) {
    value = value || witness != &first_[kNull];
    Type type = type_up_to(witness->line);
    type.nullable = seen(kNull, witness->line);
    std::string text = value ? to_string(type) : "Nullable(Nothing)";
    if (steps.empty() || steps.back().type != text) steps.push_back({witness->line, witness->text, std::move(text)});
  }
  return steps;
}

Field ColumnInference::field(std::string name) const {
  Field field{.name = std::move(name), .type = type_up_to(Witness::kEver)};
  field.decided_by = decider(field.type);
  field.type.nullable = seen(kNull, Witness::kEver);
  Evidence evidence{.steps = steps()};
  if (date_order() == DateOrder::kUnsure) {
    field.type.id = TypeId::kString;
    field.decided_by =
        "line " + std::to_string(unsure_date().line) + " \"" + unsure_date().text + "\", a date in two orders";
    evidence.steps.push_back({unsure_date().line, unsure_date().text, to_string(field.type)});
  }
  std::vector<Witness> nulls = nulls_;
  std::ranges::stable_sort(nulls, {}, &Witness::line);
  for (Witness& null : nulls) evidence.nulls.push_back(std::move(null.text));
  field.evidence = std::make_shared<const Evidence>(std::move(evidence));
  return field;
}

}  // namespace flatbed
