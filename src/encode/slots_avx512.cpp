// Slots for AVX-512: eight numbers side by side, and texts in one register. See slot_loops.hpp.
#if defined(__AVX512BW__) && defined(__BMI2__)

#include <immintrin.h>

#include "columns/lanes_avx512.hpp"
#include "encode/short_slot.hpp"
#include "encode/slot_loops.hpp"

namespace flatbed {
namespace {

struct SlotLanes : Lanes512 {
  static Words high16(Words a, Words b) { return words(_mm512_mulhi_epu16(raw(a), raw(b))); }
  static Words sum_bytes(Words a) { return words(_mm512_sad_epu8(raw(a), _mm512_setzero_si512())); }
  static Words repeat(const std::array<uint8_t, 16>& bytes) {
    return words(_mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes.data()))));
  }
  static Words even_pairs(Words a, Words b) { return words(_mm512_unpacklo_epi64(raw(a), raw(b))); }
  static Words odd_pairs(Words a, Words b) { return words(_mm512_unpackhi_epi64(raw(a), raw(b))); }
  static Words shuffle(Words a, Words places) { return words(_mm512_shuffle_epi8(raw(a), raw(places))); }
  static void store(Words even, Words odd, const SlotColumn& slots) {
    put<0>(even, slots[0]);
    put<0>(odd, slots[1]);
    put<1>(even, slots[2]);
    put<1>(odd, slots[3]);
    put<2>(even, slots[4]);
    put<2>(odd, slots[5]);
    put<3>(even, slots[6]);
    put<3>(odd, slots[7]);
  }

 private:
  template <int Part>
  static void put(Words text, Slot& slot) {
    _mm_store_si128(reinterpret_cast<__m128i*>(slot.bytes), _mm512_extracti32x4_epi32(raw(text), Part));
  }
};

struct Bytes512 {
  static __m512i load(const char* text) { return _mm512_loadu_si512(text); }
  static __m128i load(const TextView& view) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(&view)); }
  static Slot slot(__m128i view, size_t length, char end) { return short_slot(view, length, end); }

  template <size_t N>
  struct OneOf {
    explicit OneOf(const std::array<char, N>& wanted) {
      for (size_t i = 0; i < N; ++i) bytes[i] = _mm512_set1_epi8(wanted[i]);
    }
    bool in(__m512i text, size_t length) const {
      uint64_t found = _mm512_cmpeq_epi8_mask(text, bytes[0]);
      for (size_t i = 1; i < N; ++i) found |= _mm512_cmpeq_epi8_mask(text, bytes[i]);
      return _bzhi_u64(found, static_cast<unsigned>(length < 64 ? length : 64)) != 0;
    }
    bool in(__m128i view, size_t length) const {
      unsigned found = _mm_cmpeq_epi8_mask(view, _mm512_castsi512_si128(bytes[0]));
      for (size_t i = 1; i < N; ++i) found |= _mm_cmpeq_epi8_mask(view, _mm512_castsi512_si128(bytes[i]));
      return _bzhi_u32(found >> kViewHead, static_cast<unsigned>(length)) != 0;
    }

   private:
    __m512i bytes[N];
  };
};

}  // namespace

// Constant, so that no code of these instructions runs before the CPU was asked.
constinit const SlotKernel kAvx512Slots = {"avx512", choose_numbers<LaneLoops<SlotLanes>>, fill_short_texts<Bytes512>,
                                           fill_texts<Bytes512>};

}  // namespace flatbed

#endif
