// The fast loops for AVX2: four fields side by side. See lane_loops.hpp.
#if defined(__AVX2__) && defined(__BMI2__)

#include <immintrin.h>

#include "columns/fast_loops.hpp"
#include "columns/registers.hpp"
#include "columns/text_loops.hpp"

namespace flatbed {
namespace {

struct Lanes256 {
  static constexpr size_t kCount = 4;
  typedef uint64_t Words __attribute__((vector_size(32)));
  typedef int64_t Signed __attribute__((vector_size(32)));

  template <class T>
  static Words load(const T* const (&from)[kCount], ptrdiff_t offset) {
    return words(_mm256_set_m128i(load_two(from[2], from[3], offset), load_two(from[0], from[1], offset)));
  }
  static Words gather(const void* base, Words places) {
    return words(_mm256_i64gather_epi64(static_cast<const long long*>(base), raw(places), 1));
  }
  // Without this the compiler makes a constant anew for each group, which takes longer than its use.
  static Words keep(uint64_t number) {
    Words words = Words{} + number;
    asm("" : "+x"(words));
    return words;
  }
  static Words shift_left(Words a, Words count) { return words(_mm256_sllv_epi64(raw(a), raw(count))); }
  static Words shift_right(Words a, Words count) { return words(_mm256_srlv_epi64(raw(a), raw(count))); }
  static bool any(Words a) { return _mm256_testz_si256(raw(a), raw(a)) == 0; }
  static Words join_pairs(Words digits) { return words(_mm256_maddubs_epi16(raw(digits), _mm256_set1_epi16(0x010A))); }
  static Words join_fours(Words pairs) { return words(_mm256_madd_epi16(raw(pairs), _mm256_set1_epi32(0x00010064))); }
  static Words multiply(Words a, Words b) { return words(_mm256_mul_epu32(raw(a), raw(b))); }
  static Words join_months(Words digits) {
    const __m256i pairs = _mm256_maddubs_epi16(raw(digits), _mm256_set1_epi64x(0x00010A00010A010A));
    return words(_mm256_madd_epi16(pairs, _mm256_set1_epi64x(0x0001000100200C80)));
  }

 private:
  static __m256i raw(Words a) { return reinterpret_cast<__m256i>(a); }
  static Words words(__m256i a) { return reinterpret_cast<Words>(a); }
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
  using Isa = Registers<Lanes256>;
  return rectangular ? choose_loop<true, Isa>(type) : choose_loop<false, Isa>(type);
}

FastTexts avx2_texts(bool rectangular) noexcept {
  return rectangular ? read_texts<true, Texts256> : read_texts<false, Texts256>;
}

}  // namespace flatbed

#endif
