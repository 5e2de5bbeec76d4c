// Time zones. Enters: a TZif file (RFC 8536) of the system. Leaves: periods with one offset each.
// Invariant: a file that is damaged gives no zone, never a wrong one.
#include "columns/timezone.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

namespace flatbed {
namespace {

constexpr int64_t kDay = 86400;
constexpr int kLastYear = 2400;
constexpr std::string_view kFolder = "/usr/share/zoneinfo/";

// Days from 1970-01-01 to the first day of a month, in the Gregorian calendar.
int64_t days_of(int64_t year, int64_t month) {
  // Years that begin in March put the leap day last.
  year -= month <= 2;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t of_era = year - era * 400;
  const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

bool is_leap(int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

// The date and local time of day at which a POSIX rule changes the clocks.
struct Change {
  char form = 'M';  // M: month, week, weekday; J: day 1 to 365 without leap days; 0: day 0 to 365
  int64_t month = 0, week = 0, day = 0;
  int64_t time = 7200;

  int64_t local_in(int64_t year) const {
    const int64_t january = days_of(year, 1);
    if (form == 'J') return (january + day - 1 + (is_leap(year) && day >= 60 ? 1 : 0)) * kDay + time;
    if (form == '0') return (january + day) * kDay + time;
    const int64_t first = days_of(year, month);
    const int64_t next = month == 12 ? days_of(year + 1, 1) : days_of(year, month + 1);
    const int64_t weekday = ((first + 4) % 7 + 7) % 7;  // 1970-01-01 was a Thursday
    int64_t date = first + (day - weekday + 7) % 7 + (week - 1) * 7;
    while (date >= next) date -= 7;
    return date * kDay + time;
  }
};

// The rule at the end of a file: offsets and, where there is summer time, its two changes.
struct Rule {
  int32_t standard = 0;
  int32_t summer = 0;
  bool has_summer = false;
  Change begin{}, end{};
};

// Reads a POSIX TZ text such as "CET-1CEST,M3.5.0,M10.5.0/3".
class RuleReader {
 public:
  explicit RuleReader(std::string_view text) : text_(text) {}

  std::optional<Rule> read() {
    Rule rule;
    if (!skip_name() || !read_offset(rule.standard)) return std::nullopt;
    if (text_.empty()) return rule;
    rule.has_summer = true;
    rule.summer = rule.standard + 3600;
    if (!skip_name()) return std::nullopt;
    if (!text_.starts_with(',') && !read_offset(rule.summer)) return std::nullopt;
    if (!read_change(rule.begin) || !read_change(rule.end) || !text_.empty()) return std::nullopt;
    return rule;
  }

 private:
  bool skip_name() {
    const bool bracketed = accept('<');
    const size_t end = bracketed ? text_.find('>') : text_.find_first_of("+-0123456789,");
    if (end == 0 || (bracketed && end == std::string_view::npos)) return false;
    text_.remove_prefix(std::min(text_.size(), bracketed ? end + 1 : end));
    return true;
  }

  // POSIX counts offsets westward.
  bool read_offset(int32_t& offset) {
    int64_t seconds = 0;
    if (!read_time(seconds)) return false;
    offset = static_cast<int32_t>(-seconds);
    return true;
  }

  bool read_time(int64_t& seconds) {
    const bool negative = accept('-');
    if (!negative) accept('+');
    int64_t hours = 0, minutes = 0, rest = 0;
    if (!read_number(167, hours)) return false;
    if (accept(':') && !read_number(59, minutes)) return false;
    if (accept(':') && !read_number(59, rest)) return false;
    seconds = hours * 3600 + minutes * 60 + rest;
    if (negative) seconds = -seconds;
    return true;
  }

  bool read_change(Change& change) {
    if (!accept(',')) return false;
    if (accept('M')) {
      if (!read_number(12, change.month) || !accept('.') || !read_number(5, change.week) || !accept('.')) return false;
      if (!read_number(6, change.day) || change.month == 0 || change.week == 0) return false;
    } else {
      change.form = accept('J') ? 'J' : '0';
      if (!read_number(365, change.day)) return false;
    }
    return !accept('/') || read_time(change.time);
  }

  bool read_number(int64_t most, int64_t& number) {
    const auto [end, problem] = std::from_chars(text_.data(), text_.data() + text_.size(), number);
    if (problem != std::errc{} || number < 0 || number > most) return false;
    text_.remove_prefix(static_cast<size_t>(end - text_.data()));
    return true;
  }

  bool accept(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }

  std::string_view text_;
};

int64_t big_endian(std::string_view bytes) {
  uint64_t value = (static_cast<uint8_t>(bytes[0]) & 0x80) != 0 ? ~uint64_t{0} : 0;
  for (const char byte : bytes) value = value << 8 | static_cast<uint8_t>(byte);
  return static_cast<int64_t>(value);
}

// The counts at the head of each of the two data blocks of a file.
struct Header {
  std::array<size_t, 6> counts{};  // isut, isstd, leap, time, type, char
  size_t bytes(size_t time_bytes) const {
    return counts[3] * (time_bytes + 1) + counts[4] * 6 + counts[5] + counts[2] * (time_bytes + 4) + counts[1] +
           counts[0];
  }
};

constexpr size_t kHeaderBytes = 44;

std::optional<Header> read_header(std::string_view file) {
  if (file.size() < kHeaderBytes || !file.starts_with("TZif") || file[4] < '2') return std::nullopt;
  Header header;
  for (size_t i = 0; i < header.counts.size(); ++i) {
    const int64_t count = big_endian(file.substr(20 + 4 * i, 4));
    if (count < 0 || count > int64_t{1} << 16) return std::nullopt;
    header.counts[i] = static_cast<size_t>(count);
  }
  return header;
}

void add_rule_years(const Rule& rule, std::vector<TimeZone::Period>& periods) {
  const int64_t known = periods.back().begin;
  if (!rule.has_summer) {
    if (periods.size() == 1) periods.back().offset = rule.standard;
    return;
  }
  for (int64_t year = 1970; year <= kLastYear; ++year) {
    TimeZone::Period summer{rule.begin.local_in(year) - rule.standard, rule.summer};
    TimeZone::Period standard{rule.end.local_in(year) - rule.summer, rule.standard};
    if (standard.begin < summer.begin) std::swap(summer, standard);
    if (summer.begin > known) periods.push_back(summer);
    if (standard.begin > known) periods.push_back(standard);
  }
}

std::optional<std::vector<TimeZone::Period>> read_periods(std::string_view file) {
  // The first block holds 32-bit times, for old readers; the second has the same with 64 bits, and the rule.
  const auto old = read_header(file);
  if (!old || file.size() < kHeaderBytes + old->bytes(4)) return std::nullopt;
  file.remove_prefix(kHeaderBytes + old->bytes(4));
  const auto header = read_header(file);
  if (!header || file.size() < kHeaderBytes + header->bytes(8)) return std::nullopt;
  const size_t times = header->counts[3], types = header->counts[4];
  if (types == 0) return std::nullopt;
  const std::string_view data = file.substr(kHeaderBytes);
  const auto offset = [&](size_t type) {
    return static_cast<int32_t>(big_endian(data.substr(times * 9 + type * 6, 4)));
  };
  std::vector<TimeZone::Period> periods{{std::numeric_limits<int64_t>::min(), offset(0)}};
  for (size_t i = 0; i < times; ++i) {
    const auto type = static_cast<uint8_t>(data[times * 8 + i]);
    const int64_t begin = big_endian(data.substr(i * 8, 8));
    if (type >= types || begin < periods.back().begin) return std::nullopt;
    periods.push_back({begin, offset(type)});
  }
  std::string_view footer = data.substr(header->bytes(8));
  if (footer.size() < 2 || footer.front() != '\n' || footer.back() != '\n') return std::nullopt;
  footer = footer.substr(1, footer.size() - 2);
  if (footer.empty()) return periods;
  const auto rule = RuleReader(footer).read();
  if (!rule) return std::nullopt;
  add_rule_years(*rule, periods);
  return periods;
}

// Names come from data, so they may not lead out of the folder.
bool is_zone_name(std::string_view name) {
  constexpr std::string_view kBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/";
  return !name.empty() && name.size() <= 100 && name.front() != '/' &&
         name.find_first_not_of(kBytes) == std::string_view::npos;
}

std::unique_ptr<const TimeZone> load(std::string_view name) {
  if (name.empty() || name == "UTC" || name == "Etc/UTC") {
    return std::make_unique<const TimeZone>(std::vector<TimeZone::Period>{{std::numeric_limits<int64_t>::min(), 0}});
  }
  if (!is_zone_name(name)) return nullptr;
  const std::string path = std::string(kFolder) + std::string(name);
  std::error_code problem;
  if (!std::filesystem::is_regular_file(path, problem)) return nullptr;
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  auto periods = read_periods(bytes);
  if (!periods) return nullptr;
  return std::make_unique<const TimeZone>(std::move(*periods));
}

}  // namespace

size_t TimeZone::period_at(int64_t utc) const noexcept {
  const auto after = std::ranges::upper_bound(periods_, utc, {}, &Period::begin);
  return static_cast<size_t>(after - periods_.begin()) - 1;
}

bool TimeZone::is_shown_twice(int64_t utc) const noexcept {
  const size_t at = period_at(utc);
  if (at > 0 && utc < periods_[at].begin + periods_[at - 1].offset - periods_[at].offset) return true;
  return at + 1 < periods_.size() && utc >= periods_[at + 1].begin + periods_[at + 1].offset - periods_[at].offset;
}

int64_t TimeZone::utc_of_local(int64_t local, bool& ambiguous, bool& gap) const noexcept {
  constexpr int64_t kMostOffset = 2 * kDay;
  int64_t utc = 0;
  unsigned found = 0;
  // Only periods that begin less than the largest offset away can hold it.
  for (size_t i = period_at(local - kMostOffset); i < periods_.size(); ++i) {
    if (periods_[i].begin > local + kMostOffset) break;
    const int64_t candidate = local - periods_[i].offset;
    const bool before_end = i + 1 == periods_.size() || candidate < periods_[i + 1].begin;
    if (candidate < periods_[i].begin || !before_end) continue;
    if (found++ == 0) utc = candidate;
  }
  ambiguous = found > 1;
  gap = found == 0;
  return utc;
}

const TimeZone* find_time_zone(std::string_view name) noexcept {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<const TimeZone>, std::less<>> zones;
  const std::lock_guard lock(mutex);
  const auto known = zones.find(name);
  if (known != zones.end()) return known->second.get();
  auto zone = load(name);
  // Unknown names are not kept: data could bring any number of them.
  if (!zone) return nullptr;
  return zones.emplace(name, std::move(zone)).first->second.get();
}

}  // namespace flatbed
