// The text of doubles, byte for byte that of the standard library.
#include "columns/shortest.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>

using namespace flatbed;

namespace {

bool is_alike(double value) {
  char got[32], expected[32];
  const std::string_view text(got, static_cast<size_t>(put_shortest(value, got) - got));
  return text ==
         std::string_view(expected, static_cast<size_t>(std::to_chars(expected, expected + 32, value).ptr - expected));
}

// A number, its neighbours, and all of them with a minus.
size_t different_around(double value) {
  size_t different = 0;
  for (const double near : {value, std::nextafter(value, 0.0), std::nextafter(value, HUGE_VAL)})
    different += static_cast<size_t>(!is_alike(near)) + static_cast<size_t>(!is_alike(-near));
  return different;
}

}  // namespace

TEST_SUITE("columns") {
  TEST_CASE("doubles of every exponent have the text of std::to_chars()") {
    std::mt19937_64 random(3);
    for (uint64_t biased = 0; biased < 0x800; ++biased) {
      CAPTURE(biased);
      size_t different = different_around(std::bit_cast<double>(biased << 52));
      for (int i = 0; i < 60; ++i) different += !is_alike(std::bit_cast<double>(biased << 52 | random() >> 12));
      for (int bit = 0; bit < 52; ++bit)
        different += different_around(std::bit_cast<double>(biased << 52 | uint64_t{1} << bit));
      REQUIRE(different == 0);
    }
  }

  TEST_CASE("decimals of every number of digits and places have the text of std::to_chars()") {
    std::mt19937_64 random(4);
    size_t different = 0;
    for (int digits = 1; digits <= 17; ++digits) {
      for (int places = -30; places <= 40; ++places) {
        for (int i = 0; i < 40; ++i) {
          std::string text;
          for (int left = digits; left > 0; --left) text += static_cast<char>('0' + random() % 10);
          text += "e" + std::to_string(-places);
          different += different_around(std::stod(text));
        }
      }
    }
    CHECK(different == 0);
  }

  TEST_CASE("whole numbers, halves, and numbers that are none") {
    size_t different = 0;
    for (int i = 0; i < 200000; ++i)
      different += !is_alike(i) + !is_alike(i / 2.0) + !is_alike(i * 1000.0) + !is_alike(i / 1e6);
    CHECK(different == 0);
    using Limits = std::numeric_limits<double>;
    for (const double value : {0.0, -0.0, Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN(), Limits::max(),
                               Limits::min(), Limits::denorm_min(), 9007199254740991.0, 9007199254740992.0,
                               9007199254740993.0, 1e15, 1e16, 1e22, 999999999.999999, 1e9})
      CHECK(is_alike(value));
  }
}
