// The AVX2 kernel: 64 bytes as two registers. See block_kernel.hpp.
#if defined(__AVX2__) && defined(__PCLMUL__)

#include <immintrin.h>

#include "index/block_kernel.hpp"

namespace flatbed {
namespace {

// Of each value of byte i of a mask, the numbers of its bits that are set, one byte each, lowest first.
struct Places {
  uint64_t of[8][256];
};

constexpr Places make_places() {
  Places places{};
  for (unsigned i = 0; i < 8; ++i) {
    for (unsigned bits = 0; bits < 256; ++bits) {
      unsigned found = 0;
      for (unsigned bit = 0; bit < 8; ++bit) {
        if ((bits >> bit & 1) != 0) places.of[i][bits] |= uint64_t{8 * i + bit} << (8 * found++);
      }
    }
  }
  return places;
}

constexpr Places kPlaces = make_places();

class Avx2 {
 public:
  Avx2(char delimiter, char quote) : delimiter_(_mm256_set1_epi8(delimiter)), quote_(_mm256_set1_epi8(quote)) {}

  void see(const char* block) {
    low_ = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(block));
    high_ = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(block + 32));
  }
  uint64_t delimiters() const { return equal(delimiter_); }
  uint64_t quotes() const { return equal(quote_); }
  uint64_t feeds() const { return equal(_mm256_set1_epi8('\n')); }
  uint64_t returns() const { return equal(_mm256_set1_epi8('\r')); }
  bool has_returns() const {
    const __m256i r = _mm256_set1_epi8('\r');
    const __m256i found = _mm256_or_si256(_mm256_cmpeq_epi8(low_, r), _mm256_cmpeq_epi8(high_, r));
    return _mm256_testz_si256(found, found) == 0;
  }

  void note() {
    any_ = _mm256_or_si256(any_, _mm256_or_si256(low_, high_));
    least_ = _mm256_min_epu8(least_, _mm256_min_epu8(low_, high_));
  }
  bool ascii() const { return _mm256_movemask_epi8(any_) == 0; }
  bool nul() const { return _mm256_movemask_epi8(_mm256_cmpeq_epi8(least_, _mm256_setzero_si256())) != 0; }

  // Bit i of the product with all ones is the xor of bits 0 to i.
  static uint64_t prefix_xor(uint64_t mask) {
    const __m128i product =
        _mm_clmulepi64_si128(_mm_set_epi64x(0, static_cast<long long>(mask)), _mm_set1_epi8('\xFF'), 0);
    return static_cast<uint64_t>(_mm_cvtsi128_si64(product));
  }

  // Eight bits at a time, whatever they are: a loop that ends at a data-dependent count mispredicts on every block.
  static uint32_t* write(uint32_t* out, uint64_t mask, uint32_t base) {
    const __m256i from = _mm256_set1_epi32(static_cast<int>(base));
    for (size_t i = 0; i < 8; ++i) {
      const auto bits = static_cast<uint32_t>(mask >> (8 * i)) & 0xFF;
      const auto* places = reinterpret_cast<const __m128i*>(&kPlaces.of[i][bits]);
      const __m256i at = _mm256_cvtepu8_epi32(_mm_loadl_epi64(places));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), _mm256_add_epi32(at, from));
      out += _mm_popcnt_u32(bits);
    }
    return out;
  }

 private:
  uint64_t equal(__m256i byte) const {
    const auto low = static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(low_, byte)));
    const auto high = static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(high_, byte)));
    return low | (uint64_t{high} << 32);
  }

  __m256i delimiter_, quote_;
  __m256i low_ = _mm256_setzero_si256(), high_ = _mm256_setzero_si256();
  __m256i any_ = _mm256_setzero_si256();
  __m256i least_ = _mm256_set1_epi8('\xFF');
};

}  // namespace

void index_avx2(std::string_view text, const Syntax& syntax, FieldIndex& index) {
  index_blocks<Avx2>(text, syntax, index);
}

}  // namespace flatbed

#endif
