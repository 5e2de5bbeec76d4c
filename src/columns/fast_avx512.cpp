// The fast loops for AVX-512: eight fields side by side. See lane_loops.hpp.
#if defined(__AVX512BW__) && defined(__BMI2__)

#include <immintrin.h>

#include "columns/fast_loops.hpp"
#include "columns/lanes_avx512.hpp"
#include "columns/registers.hpp"
#include "columns/text_loops.hpp"

namespace flatbed {
namespace {

struct FieldLanes : Lanes512 {
  template <class T>
  static Words load(const T* const (&from)[kCount], ptrdiff_t offset) {
    const __m256i low = _mm256_set_m128i(load_two(from[2], from[3], offset), load_two(from[0], from[1], offset));
    const __m256i high = _mm256_set_m128i(load_two(from[6], from[7], offset), load_two(from[4], from[5], offset));
    return words(_mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1));
  }
  static Words gather(const void* base, Words places) { return words(_mm512_i64gather_epi64(raw(places), base, 1)); }
  static Words shift_right(Words a, Words count) { return words(_mm512_srlv_epi64(raw(a), raw(count))); }
  static Words join_pairs(Words digits) { return words(_mm512_maddubs_epi16(raw(digits), _mm512_set1_epi16(0x010A))); }
  static Words join_fours(Words pairs) { return words(_mm512_madd_epi16(raw(pairs), _mm512_set1_epi32(0x00010064))); }
  static Words join_months(Words digits) {
    const __m512i pairs = _mm512_maddubs_epi16(raw(digits), _mm512_set1_epi64(0x00010A00010A010A));
    return words(_mm512_madd_epi16(pairs, _mm512_set1_epi64(0x0001000100200C80)));
  }
};

struct Texts512 {
  static void copy(const char* from, char* to) { _mm512_storeu_si512(to, _mm512_loadu_si512(from)); }
  static bool holds(const char* from, size_t length, char a, char b) {
    const __m512i text = _mm512_loadu_si512(from);
    const uint64_t found =
        _mm512_cmpeq_epi8_mask(text, _mm512_set1_epi8(a)) | _mm512_cmpeq_epi8_mask(text, _mm512_set1_epi8(b));
    return _bzhi_u64(found, static_cast<unsigned>(length)) != 0;
  }
};

}  // namespace

FastLoop avx512_loop(const Type& type, bool rectangular) noexcept {
  using Isa = Registers<FieldLanes>;
  return rectangular ? choose_loop<true, Isa>(type) : choose_loop<false, Isa>(type);
}

FastTexts avx512_texts(bool rectangular) noexcept {
  return rectangular ? read_texts<true, Texts512> : read_texts<false, Texts512>;
}

}  // namespace flatbed

#endif
