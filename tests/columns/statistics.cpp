// Statistics of columns.
#include "columns/statistics.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace flatbed;

TEST_SUITE("columns") {
  TEST_CASE("values that differ are counted exactly up to 10,000, then within 2 percent") {
    const auto mixed = [](uint64_t value) {
      value = (value ^ (value >> 31)) * 0x7fb5d329728ea185;
      value = (value ^ (value >> 27)) * 0x81dadef4bc2dd44d;
      return value ^ (value >> 33);
    };
    for (const uint64_t count : {1, 10'000, 10'001, 50'000, 300'000}) {
      DistinctCounter counter;
      for (int pass = 0; pass < 2; ++pass)
        for (uint64_t i = 1; i <= count; ++i) counter.add(mixed(i));
      CAPTURE(count);
      CHECK(counter.is_exact() == (count <= 10'000));
      const auto found = static_cast<double>(counter.count()), wanted = static_cast<double>(count);
      CHECK(std::fabs(found - wanted) <= (counter.is_exact() ? 0 : wanted * 0.02));
    }
  }
}
