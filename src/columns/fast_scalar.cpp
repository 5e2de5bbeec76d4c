// The fast loops for any CPU: eight digits in a word. See fast_loops.hpp.
#include "columns/fast_loops.hpp"

namespace flatbed {
namespace {

struct Words {
  using Lanes = NoLanes;

  // A point before this many last digits.
  struct Point {
    explicit Point(size_t digits)
        : places(digits), mask(digits == 0 ? 0 : ~uint64_t{0} << (64 - 8 * digits)), power(kPowersOfTen[digits]) {}
    size_t places;
    uint64_t mask;  // the bytes of a word that come after the point
    uint64_t power;
  };

  static bool read_digits(const char* end, size_t length, uint64_t& value) { return read_digits16(end, length, value); }

  static bool read_with_point(const char* end, size_t length, const Point& point, uint64_t& value) {
    if (length <= 9) return read_short(end, length, point, value);
    uint64_t whole = 0;
    uint32_t places = 0;
    const size_t before = length - point.places - 1;
    if (before + point.places > 15 || !read_digits16(end - point.places - 1, before, whole) ||
        !read_digits8(end, point.places, places))
      return false;
    value = whole * point.power + places;
    return true;
  }

  static bool read_date(const char* begin, int32_t& days) { return flatbed::read_date(begin, days); }

 private:
  // Up to eight digits and a point: two words, one byte apart, close the gap that the point leaves.
  static bool read_short(const char* end, size_t length, const Point& point, uint64_t& value) {
    const uint64_t word = (load8(end - 8) & point.mask) | (load8(end - 9) & ~point.mask);
    const unsigned drop = 8 * static_cast<unsigned>(9 - length);
    const uint64_t digits = (digits_of(word) >> drop) << drop;
    value = join_digits(digits);
    return are_digits(digits);
  }
};

}  // namespace

FastLoop scalar_loop(const Type& type, bool rectangular) noexcept {
  return rectangular ? choose_loop<true, Words>(type) : choose_loop<false, Words>(type);
}

}  // namespace flatbed
