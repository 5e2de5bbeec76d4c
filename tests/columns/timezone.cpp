// Zones against the C library's own reading of the same database.
#include "columns/timezone.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <ctime>
#include <string>

using namespace flatbed;

namespace {

int64_t utc_seconds(int year, int month, int day, int hour, int minute) {
  std::tm date{};
  date.tm_year = year - 1900;
  date.tm_mon = month - 1;
  date.tm_mday = day;
  date.tm_hour = hour;
  date.tm_min = minute;
  return timegm(&date);
}

}  // namespace

TEST_SUITE("columns") {
  TEST_CASE("offsets agree with the C library from 1900 to 2399") {
    const char* before = std::getenv("TZ");
    const std::string restore = before ? before : "";
    for (const char* name : {"Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe",
                             "America/Sao_Paulo", "Asia/Jerusalem", "Europe/Dublin", "Africa/Casablanca",
                             "Pacific/Apia", "Asia/Tokyo", "America/Santiago", "Etc/GMT+5"}) {
      const TimeZone* zone = find_time_zone(name);
      REQUIRE_MESSAGE(zone != nullptr, name);
      setenv("TZ", name, 1);
      tzset();
      for (int64_t utc = utc_seconds(1900, 1, 1, 0, 0); utc < utc_seconds(2399, 1, 1, 0, 0); utc += 100'003 * 3) {
        std::tm local{};
        const time_t time = utc;
        localtime_r(&time, &local);
        REQUIRE_MESSAGE(zone->offset_at_utc(utc) == local.tm_gmtoff, std::string(name) << " at " << utc);
        bool ambiguous = false, gap = false;
        const int64_t back = zone->utc_of_local(utc + local.tm_gmtoff, ambiguous, gap);
        REQUIRE(!gap);
        REQUIRE((back == utc || (ambiguous && back < utc)));
        REQUIRE(zone->is_shown_twice(utc) == ambiguous);
      }
    }
    before ? setenv("TZ", restore.c_str(), 1) : unsetenv("TZ");
    tzset();
  }

  TEST_CASE("a local time that clocks skip or show twice") {
    const TimeZone* berlin = find_time_zone("Europe/Berlin");
    REQUIRE(berlin);
    bool ambiguous = false, gap = false;
    berlin->utc_of_local(utc_seconds(2024, 3, 31, 2, 30), ambiguous, gap);
    CHECK(gap);
    CHECK(berlin->utc_of_local(utc_seconds(2024, 10, 27, 2, 30), ambiguous, gap) == utc_seconds(2024, 10, 27, 0, 30));
    CHECK(ambiguous);
    CHECK_FALSE(gap);
    CHECK(berlin->utc_of_local(utc_seconds(2024, 10, 27, 3, 0), ambiguous, gap) == utc_seconds(2024, 10, 27, 2, 0));
    CHECK_FALSE(ambiguous);
    // Samoa had no 30 December 2011.
    find_time_zone("Pacific/Apia")->utc_of_local(utc_seconds(2011, 12, 30, 12, 0), ambiguous, gap);
    CHECK(gap);
  }

  TEST_CASE("an empty name is UTC, and a name leads nowhere but to a zone") {
    CHECK(find_time_zone("")->offset_at_utc(1'700'000'000) == 0);
    CHECK(find_time_zone("UTC")->offset_at_utc(-5'000'000'000) == 0);
    CHECK(find_time_zone("Europe/Berlin") == find_time_zone("Europe/Berlin"));
    for (const char* name : {"Mars/Olympus", "../../../etc/passwd", "/etc/passwd", "Europe", "zone.tab", "\xFF"}) {
      CHECK_MESSAGE(find_time_zone(name) == nullptr, std::string(name));
    }
  }
}
