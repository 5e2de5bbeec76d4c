// The AVX-512 kernel: 64 bytes as one register, positions by VBMI2 compression. See block_kernel.hpp.
#if defined(__AVX512VBMI2__) && defined(__AVX512BW__) && defined(__PCLMUL__)

#include <immintrin.h>

// GCC 12 warns of its own intrinsics, which leave lanes undefined on purpose.
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

#include "index/block_kernel.hpp"

namespace flatbed {
namespace {

class Avx512 {
 public:
  Avx512(char delimiter, char quote) : delimiter_(_mm512_set1_epi8(delimiter)), quote_(_mm512_set1_epi8(quote)) {}

  void see(const char* block) { bytes_ = _mm512_loadu_si512(block); }
  uint64_t delimiters() const { return equal(delimiter_); }
  uint64_t quotes() const { return equal(quote_); }
  uint64_t feeds() const { return equal(_mm512_set1_epi8('\n')); }
  uint64_t returns() const { return equal(_mm512_set1_epi8('\r')); }
  bool has_returns() const { return returns() != 0; }

  void note() {
    any_ = _mm512_or_si512(any_, bytes_);
    least_ = _mm512_min_epu8(least_, bytes_);
  }
  bool ascii() const { return _mm512_movepi8_mask(any_) == 0; }
  bool nul() const { return _mm512_testn_epi8_mask(least_, least_) != 0; }

  // Bit i of the product with all ones is the xor of bits 0 to i.
  static uint64_t prefix_xor(uint64_t mask) {
    const __m128i product =
        _mm_clmulepi64_si128(_mm_set_epi64x(0, static_cast<long long>(mask)), _mm_set1_epi8('\xFF'), 0);
    return static_cast<uint64_t>(_mm_cvtsi128_si64(product));
  }

  static uint32_t* write(uint32_t* out, uint64_t mask, uint32_t base) {
    const auto count = static_cast<size_t>(_mm_popcnt_u64(mask));
    const __m512i places = _mm512_maskz_compress_epi8(mask, numbers());
    const __m512i first = _mm512_set1_epi32(static_cast<int>(base));
    put(out, _mm512_castsi512_si128(places), first);
    if (count > 16) [[unlikely]] {
      put(out + 16, _mm512_extracti32x4_epi32(places, 1), first);
      put(out + 32, _mm512_extracti32x4_epi32(places, 2), first);
      put(out + 48, _mm512_extracti32x4_epi32(places, 3), first);
    }
    return out + count;
  }

 private:
  static void put(uint32_t* out, __m128i places, __m512i first) {
    _mm512_storeu_si512(out, _mm512_add_epi32(first, _mm512_cvtepu8_epi32(places)));
  }

  static __m512i numbers() {
    alignas(64) static constexpr uint8_t kNumbers[64] = {
        0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
        22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
        44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
    return _mm512_load_si512(kNumbers);
  }

  uint64_t equal(__m512i byte) const { return _mm512_cmpeq_epi8_mask(bytes_, byte); }

  __m512i delimiter_, quote_;
  __m512i bytes_ = _mm512_setzero_si512();
  __m512i any_ = _mm512_setzero_si512();
  __m512i least_ = _mm512_set1_epi8('\xFF');
};

}  // namespace

void index_avx512(std::string_view text, const Syntax& syntax, FieldIndex& index) {
  index_blocks<Avx512>(text, syntax, index);
}

}  // namespace flatbed

#endif
