// Slots for AVX-512: eight numbers side by side, and texts in one register. See slot_loops.hpp.
#if defined(__AVX512BW__) && defined(__BMI2__)

#include <immintrin.h>

// GCC 12 warns of its own intrinsics, which leave lanes undefined on purpose.
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

#include "encode/short_slot.hpp"
#include "encode/slot_loops.hpp"

namespace flatbed {
namespace {

struct Lanes512 {
  static constexpr size_t kCount = 8;
  typedef uint64_t Words __attribute__((vector_size(64)));
  typedef int64_t Signed __attribute__((vector_size(64)));

  // Without this the compiler makes a constant anew for each group, which takes longer than its use.
  static Words keep(uint64_t number) {
    Words words = Words{} + number;
    asm("" : "+v"(words));
    return words;
  }
  static bool any(Words a) { return _mm512_test_epi64_mask(raw(a), raw(a)) != 0; }
  static Words multiply(Words a, Words b) { return words(_mm512_mul_epu32(raw(a), raw(b))); }
  static Words high16(Words a, Words b) { return words(_mm512_mulhi_epu16(raw(a), raw(b))); }
  static Words shift_left(Words a, Words count) { return words(_mm512_sllv_epi64(raw(a), raw(count))); }
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
  static __m512i raw(Words a) { return reinterpret_cast<__m512i>(a); }
  static Words words(__m512i a) { return reinterpret_cast<Words>(a); }
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

FillNumbers avx512_numbers(const Type& type) noexcept {
  return choose_numbers<Lanes512>(type);
}

size_t avx512_short_texts(const TextForm& form, size_t row, size_t last, const SlotColumn& slots, size_t& outside) {
  return fill_short_texts<Bytes512>(form, row, last, slots, outside);
}

size_t avx512_texts(const TextForm& form, size_t row, size_t last, const SlotColumn& slots, size_t& outside) {
  return fill_texts<Bytes512>(form, row, last, slots, outside);
}

}  // namespace flatbed

#endif
