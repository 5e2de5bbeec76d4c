// Slots for AVX2: four numbers side by side, and texts in two registers. See slot_loops.hpp.
#if defined(__AVX2__) && defined(__BMI2__)

#include <immintrin.h>

#include "columns/lanes_avx2.hpp"
#include "encode/short_slot.hpp"
#include "encode/slot_loops.hpp"

namespace flatbed {
namespace {

struct SlotLanes : Lanes256 {
  static Words high16(Words a, Words b) { return words(_mm256_mulhi_epu16(raw(a), raw(b))); }
  static Words sum_bytes(Words a) { return words(_mm256_sad_epu8(raw(a), _mm256_setzero_si256())); }
  static Words repeat(const std::array<uint8_t, 16>& bytes) {
    return words(_mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes.data()))));
  }
  static Words even_pairs(Words a, Words b) { return words(_mm256_unpacklo_epi64(raw(a), raw(b))); }
  static Words odd_pairs(Words a, Words b) { return words(_mm256_unpackhi_epi64(raw(a), raw(b))); }
  static Words shuffle(Words a, Words places) { return words(_mm256_shuffle_epi8(raw(a), raw(places))); }
  static void store(Words even, Words odd, const SlotColumn& slots) {
    put(_mm256_castsi256_si128(raw(even)), slots[0]);
    put(_mm256_castsi256_si128(raw(odd)), slots[1]);
    put(_mm256_extracti128_si256(raw(even), 1), slots[2]);
    put(_mm256_extracti128_si256(raw(odd), 1), slots[3]);
  }

 private:
  static void put(__m128i bytes, Slot& slot) { _mm_store_si128(reinterpret_cast<__m128i*>(slot.bytes), bytes); }
};

struct Bytes256 {
  struct Long {
    __m256i low, high;
  };

  static Long load(const char* text) {
    const auto* from = reinterpret_cast<const __m256i*>(text);
    return {_mm256_loadu_si256(from), _mm256_loadu_si256(from + 1)};
  }
  static __m128i load(const TextView& view) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(&view)); }
  static Slot slot(__m128i view, size_t length, char end) { return short_slot(view, length, end); }

  template <size_t N>
  struct OneOf {
    explicit OneOf(const std::array<char, N>& wanted) {
      for (size_t i = 0; i < N; ++i) bytes[i] = _mm256_set1_epi8(wanted[i]);
    }
    bool in(const Long& text, size_t length) const {
      const uint64_t found = marks(text.low) | uint64_t{marks(text.high)} << 32;
      return _bzhi_u64(found, static_cast<unsigned>(length < 64 ? length : 64)) != 0;
    }
    bool in(__m128i view, size_t length) const {
      const uint32_t found = marks(_mm256_castsi128_si256(view)) >> kViewHead;
      return _bzhi_u32(found, static_cast<unsigned>(length)) != 0;
    }

   private:
    uint32_t marks(__m256i text) const {
      __m256i found = _mm256_cmpeq_epi8(text, bytes[0]);
      for (size_t i = 1; i < N; ++i) found = _mm256_or_si256(found, _mm256_cmpeq_epi8(text, bytes[i]));
      return static_cast<uint32_t>(_mm256_movemask_epi8(found));
    }
    __m256i bytes[N];
  };
};

}  // namespace

// Constant, so that no code of these instructions runs before the CPU was asked.
constinit const SlotKernel kAvx2Slots = {"avx2", choose_numbers<LaneLoops<SlotLanes>>, fill_short_texts<Bytes256>,
                                         fill_texts<Bytes256>};

}  // namespace flatbed

#endif
