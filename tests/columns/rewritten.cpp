// Fields that lose something when they become values.
#include "columns/rewritten.hpp"

#include <doctest/doctest.h>

using namespace flatbed;

namespace {

bool rewritten(std::string_view text, std::string_view type) {
  return is_rewritten(text, parse_type(type).value());
}

}  // namespace

TEST_SUITE("columns") {
  TEST_CASE("zeros at the front, the sign of zero, digits of a float and offsets are lost") {
    CHECK(rewritten("007", "UInt8"));
    CHECK(rewritten("-05", "Int8"));
    CHECK(rewritten("-0", "Int32"));
    CHECK(rewritten("00.5", "Decimal(9, 2)"));
    CHECK(rewritten("0.12345678901234567890", "Float64"));
    CHECK(rewritten("16777217", "Float32"));
    CHECK(rewritten("2026-01-01 02:00:00+02:00", "DateTime('UTC')"));
  }

  TEST_CASE("another common form of the same value loses nothing") {
    CHECK_FALSE(rewritten("0", "UInt8"));
    CHECK_FALSE(rewritten("-7", "Int8"));
    CHECK_FALSE(rewritten("1.50", "Decimal(9, 2)"));
    CHECK_FALSE(rewritten("-0.5", "Decimal(9, 2)"));
    CHECK_FALSE(rewritten("0.1", "Float64"));
    CHECK_FALSE(rewritten("0.1", "Float32"));
    CHECK_FALSE(rewritten("1e300", "Float64"));
    CHECK_FALSE(rewritten("2026-01-01T00:00:00Z", "DateTime('UTC')"));
    CHECK_FALSE(rewritten("TRUE", "Bool"));
    CHECK_FALSE(rewritten("007", "String"));
  }
}
