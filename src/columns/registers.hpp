// A field in a register: sixteen digits, joined by three multiplications. Included by the files of instruction sets
// with AVX2, into their unnamed namespace; nothing here may be shared between them.
#pragma once

#include <immintrin.h>

#include "columns/swar.hpp"

namespace flatbed {
namespace {

// Sixteen bytes from byte `length` on keep the last `length` bytes of a register.
alignas(32) constexpr uint8_t kKeepLast[32] = {0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,
                                               0,   0,   0,   0,   0,   255, 255, 255, 255, 255, 255,
                                               255, 255, 255, 255, 255, 255, 255, 255, 255, 255};

// Eight bytes from each of two places.
template <class T>
__m128i load_two(const T* first, const T* second, ptrdiff_t offset) {
  const auto* low = reinterpret_cast<const char*>(first) + offset;
  const auto* high = reinterpret_cast<const char*>(second) + offset;
  const __m128i one = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(low));
  return _mm_castps_si128(_mm_loadh_pi(_mm_castsi128_ps(one), reinterpret_cast<const __m64*>(high)));
}

template <class LanesOfIsa>
struct Registers {
  using Lanes = LanesOfIsa;

  // A shuffle that closes the gap which a point leaves before this many last digits.
  struct Point {
    explicit Point(size_t places) {
      const __m128i numbers = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
      const __m128i before = _mm_cmplt_epi8(numbers, _mm_set1_epi8(static_cast<char>(16 - places)));
      shuffle = _mm_add_epi8(numbers, before);  // one byte less where the point is still to come
    }
    __m128i shuffle;
  };

  static bool read_digits(const char* end, size_t length, uint64_t& value) {
    if (length - 1 >= 16) return false;
    return join(load16(end - 16), length, value);
  }

  // The byte that the shuffle brings in from nowhere is zero, which is no digit: a field of 16 bytes has 15.
  static bool read_with_point(const char* end, size_t length, const Point& point, uint64_t& value) {
    if (length > 16) return false;
    return join(_mm_shuffle_epi8(load16(end - 16), point.shuffle), length - 1, value);
  }

  static bool read_date(const char* begin, int32_t& days) {
    // The last ten bytes are YYYY-MM-DD. With digits and dashes turned to zeros, each has its greatest value.
    const __m128i signs = _mm_setr_epi8(0, 0, 0, 0, 0, 0, '0', '0', '0', '0', '-', '0', '0', '-', '0', '0');
    const __m128i most = _mm_setr_epi8(-1, -1, -1, -1, -1, -1, 9, 9, 9, 9, 0, 1, 9, 0, 3, 9);
    const __m128i digits = _mm_xor_si128(load16(begin - 6), signs);
    const __m128i above = _mm_subs_epu8(digits, most);
    const __m128i pairs_first = _mm_setr_epi8(6, 7, 8, 9, 11, 12, 14, 15, -1, -1, -1, -1, -1, -1, -1, -1);
    const __m128i tens = _mm_set1_epi16(0x010A);
    const __m128i pairs = _mm_maddubs_epi16(_mm_shuffle_epi8(digits, pairs_first), tens);
    // 32 months a year, so that a year and a month are one number; day and month stay apart.
    const __m128i joined = _mm_madd_epi16(pairs, _mm_setr_epi16(3200, 32, 1, 256, 0, 0, 0, 0));
    const auto both = static_cast<uint64_t>(_mm_cvtsi128_si64(joined));
    const size_t place = (both & 0xFFFFFFFF) + ((both >> 32) & 0xFF) - size_t{kFirstTableYear} * 32;
    const auto day = static_cast<uint32_t>(both >> 40) - 1;
    if (_mm_testz_si128(above, above) == 0 || place >= kMonthPlaces) return false;
    const MonthPlace month = kMonthsByPlace[place];
    days = month.first + static_cast<int32_t>(day);
    return day < month.days;
  }

 private:
  static __m128i load16(const char* from) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)); }

  // Joins the last `length` bytes, at most 16: pairs, fours, eights.
  static bool join(__m128i text, size_t length, uint64_t& value) {
    const __m128i keep = _mm_loadu_si128(reinterpret_cast<const __m128i*>(kKeepLast + length));
    const __m128i digits = _mm_and_si128(_mm_xor_si128(text, _mm_set1_epi8('0')), keep);
    const __m128i above = _mm_subs_epu8(digits, _mm_set1_epi8(9));
    const __m128i pairs = _mm_maddubs_epi16(digits, _mm_set1_epi16(0x010A));
    const __m128i fours = _mm_madd_epi16(pairs, _mm_set1_epi32(0x00010064));
    const __m128i eights = _mm_madd_epi16(_mm_packus_epi32(fours, fours), _mm_set1_epi32(0x00012710));
    const auto both = static_cast<uint64_t>(_mm_cvtsi128_si64(eights));
    value = (both & 0xFFFFFFFF) * 100'000'000 + (both >> 32);
    return _mm_testz_si128(above, above) != 0;
  }
};

}  // namespace
}  // namespace flatbed
