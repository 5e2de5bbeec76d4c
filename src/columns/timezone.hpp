// Time zones from the system's database: local time of an instant, and instant of a local time.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace flatbed {

/// One zone, with its rules worked out to the year 2400; later times keep the last offset. Never changes once made.
class TimeZone {
 public:
  struct Period {
    int64_t begin = 0;   ///< first second of it, since 1970-01-01 UTC
    int32_t offset = 0;  ///< local time minus UTC, in seconds
  };
  explicit TimeZone(std::vector<Period> periods) : periods_(std::move(periods)) {}
  /// Returns local time minus UTC at an instant.
  int32_t offset_at_utc(int64_t utc) const noexcept { return periods_[period_at(utc)].offset; }
  /// Tells whether clocks show the local time of `utc` twice: a text of it needs the offset.
  bool is_shown_twice(int64_t utc) const noexcept;
  /// Returns the instant of a local time, both in seconds since 1970-01-01.
  /// `ambiguous`: clocks showed it twice, the earlier instant is returned. `gap`: clocks skipped it, and the value
  /// means nothing.
  int64_t utc_of_local(int64_t local, bool& ambiguous, bool& gap) const noexcept;

 private:
  size_t period_at(int64_t utc) const noexcept;
  std::vector<Period> periods_;  // in order; the first begins before every instant
};

/// Returns the zone of an IANA name, UTC for an empty one, nothing when the system does not know it.
/// LIFETIME: the process. THREADS: any. COST: reads a file at the first call for a name, a lookup after it.
const TimeZone* find_time_zone(std::string_view name) noexcept;

}  // namespace flatbed
