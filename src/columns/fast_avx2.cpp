// The fast loops for AVX2: four fields side by side. See lane_loops.hpp.
#if defined(__AVX2__) && defined(__BMI2__)

#include <immintrin.h>

#include "columns/fast_loops.hpp"
#include "columns/lanes_avx2.hpp"
#include "columns/registers.hpp"
#include "columns/text_loops.hpp"

namespace flatbed {
namespace {

struct FieldLanes : Lanes256 {
  template <class T>
  static Words load(const T* const (&from)[kCount], ptrdiff_t offset) {
    return words(_mm256_set_m128i(load_two(from[2], from[3], offset), load_two(from[0], from[1], offset)));
  }
  static Words gather(const void* base, Words places) {
    return words(_mm256_i64gather_epi64(static_cast<const long long*>(base), raw(places), 1));
  }
  static Words shift_right(Words a, Words count) { return words(_mm256_srlv_epi64(raw(a), raw(count))); }
  static Words join_pairs(Words digits) { return words(_mm256_maddubs_epi16(raw(digits), _mm256_set1_epi16(0x010A))); }
  static Words join_fours(Words pairs) { return words(_mm256_madd_epi16(raw(pairs), _mm256_set1_epi32(0x00010064))); }
  static Words join_months(Words digits) {
    const __m256i pairs = _mm256_maddubs_epi16(raw(digits), _mm256_set1_epi64x(0x00010A00010A010A));
    return words(_mm256_madd_epi16(pairs, _mm256_set1_epi64x(0x0001000100200C80)));
  }
};

struct Texts256 {
  static void copy(const char* from, char* to) {
    const __m256i low = load(from), high = load(from + 32);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), low);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + 32), high);
  }
  static bool holds(const char* from, size_t length, char a, char b) {
    return _bzhi_u64(places(load(from), a, b) | places(load(from + 32), a, b) << 32, static_cast<unsigned>(length)) !=
           0;
  }

 private:
  static __m256i load(const char* from) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)); }
  static uint64_t places(__m256i text, char a, char b) {
    const __m256i found =
        _mm256_or_si256(_mm256_cmpeq_epi8(text, _mm256_set1_epi8(a)), _mm256_cmpeq_epi8(text, _mm256_set1_epi8(b)));
    return static_cast<uint32_t>(_mm256_movemask_epi8(found));
  }
};

}  // namespace

FastLoop avx2_loop(const Type& type, bool rectangular) noexcept {
  using Isa = Registers<FieldLanes>;
  return rectangular ? choose_loop<true, Isa>(type) : choose_loop<false, Isa>(type);
}

FastTexts avx2_texts(bool rectangular) noexcept {
  return rectangular ? read_texts<true, Texts256> : read_texts<false, Texts256>;
}

}  // namespace flatbed

#endif
