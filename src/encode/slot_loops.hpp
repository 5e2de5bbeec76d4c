// Loops that fill the slots of a column. Included by the files of instruction sets, into their unnamed namespace;
// nothing here may be shared between them.
#pragma once

#include "bytes/foresee.hpp"
#include "encode/slots.hpp"

namespace flatbed {
namespace {

// What the ends of a text ask for. REQUIRES: a byte before an empty text.
inline unsigned edges_of(const TextForm& form, const char* text, size_t length) noexcept {
  const unsigned first = form.edges[static_cast<unsigned char>(*text)];
  const unsigned last = form.edges[static_cast<unsigned char>(*(text + length - 1))];
  return (first & (TextForm::kWrapBefore | TextForm::kStopBefore)) | (last & TextForm::kWrapBehind);
}

// `Bytes` gives: load() of kReadable bytes and of a short view; slot() of the latter; and OneOf, which tells whether
// one of some bytes is among the first ones of these.
template <class Bytes>
size_t fill_short_texts(const TextForm& form, size_t row, size_t last, const SlotColumn& slots, size_t&) {
  const auto [a, b, c] = form.wraps;
  const auto [d, e] = form.stops;
  const typename Bytes::template OneOf<5> signs({a, b, c, d, e});
  const size_t stride = slots.stride, begin = row;
  const bool empty_stops = form.empty_stops;
  const char end = form.end;
  Slot* to = slots.first;
  for (const TextView* view = form.views + row; row < last; ++row, ++view, to += stride) {
    const size_t length = view->length;
    if (length > TextView::kInlineBytes) break;
    foresee(view);
    const auto bytes = Bytes::load(*view);
    const unsigned edges = edges_of(form, view->inlined, length);
    const bool found = (unsigned{signs.in(bytes, length)} | edges) != 0;
    if (length == 0 ? empty_stops : found) break;
    *to = Bytes::slot(bytes, length, end);
  }
  return row - begin;
}

// A text, wherever it lies. No branch on that: lengths come as they like.
struct PlacedText {
  PlacedText(const TextView& view, const std::span<const char>* buffers, const char* views_end) noexcept {
    const uintptr_t outside = view.length > TextView::kInlineBytes ? ~uintptr_t{0} : 0;
    const std::span<const char> buffer = buffers[view.outside.buffer & outside];
    const auto select = [&](const char* a, const char* b) {
      const auto from = reinterpret_cast<uintptr_t>(a);
      return reinterpret_cast<const char*>(from ^ ((from ^ reinterpret_cast<uintptr_t>(b)) & outside));
    };
    begin = select(view.inlined, buffer.data() + (view.outside.offset & outside));
    readable = static_cast<size_t>(select(views_end, buffer.data() + buffer.size()) - begin);
  }
  const char* begin;
  size_t readable;
};

template <class Bytes>
size_t fill_texts(const TextForm& form, size_t row, size_t last, const SlotColumn& slots, size_t& outside) {
  const typename Bytes::template OneOf<3> wraps(form.wraps);
  const typename Bytes::template OneOf<2> stops(form.stops);
  const char* const views_end = form.views_end;
  const std::span<const char>* const buffers = form.buffers.data();
  const bool wraps_stop = form.wraps_stop, empty_stops = form.empty_stops;
  const char end = form.end;
  const size_t stride = slots.stride, begin = row;
  size_t bytes_outside = 0;
  Slot* to = slots.first;
  for (const TextView* view = form.views + row; row < last; ++row, ++view, to += stride) {
    const size_t length = view->length;
    const PlacedText text(*view, buffers, views_end);
    if (text.readable < length + Slot::kReadable) break;
    foresee(view);
    bool wrap = false, stop = false;
    size_t at = 0;
    do {
      foresee(text.begin + at);
      const auto bytes = Bytes::load(text.begin + at);
      wrap |= wraps.in(bytes, length - at);
      stop |= stops.in(bytes, length - at);
      at += Slot::kReadable;
    } while (at < length && !stop);
    const unsigned edges = edges_of(form, text.begin, length);
    wrap |= (edges & (TextForm::kWrapBefore | TextForm::kWrapBehind)) != 0;
    stop |= ((edges & TextForm::kStopBefore) != 0) | (wrap & wraps_stop);
    if (length == 0 ? empty_stops : stop) break;
    *to = Slot::outside(text.begin, length, wrap & (length != 0), end);
    bytes_outside += length;
  }
  outside += bytes_outside;
  return row - begin;
}

// `Lanes` gives: Words, kCount numbers of 64 bits; multiply(), of the lower halves; high16(), the higher halves of
// products of 16 bits; shift_left() by any count, 64 and more giving 0; sum_bytes() of each number; any() bit set;
// repeat() of 16 bytes; even_pairs() and odd_pairs(), which put the even or odd numbers of two beside each other;
// shuffle() within each 16 bytes; store(), of each 16 bytes into a slot; keep(), a number in each lane that stays in a
// register.
template <class Lanes>
struct LaneDigits {
  using Words = typename Lanes::Words;
  typedef uint16_t Shorts __attribute__((vector_size(sizeof(Words))));

  // split_digits() of numbers below 10^8.
  static Words split(Words value) {
    const Words thousands = Lanes::multiply(value, Lanes::keep(3518437209)) >> 45;
    const Words fours = thousands | (value - Lanes::multiply(thousands, Lanes::keep(10000))) << 32;
    const Words hundreds = words(shorts(Lanes::high16(fours, Lanes::keep(5243 * kEach16))) >> 3);
    const Words below = words(shorts(fours) - shorts(hundreds) * shorts(Lanes::keep(100 * kEach16)));
    const Words pairs = hundreds | below << 16;
    const Words tens = Lanes::high16(pairs, Lanes::keep(6554 * kEach16));
    return words((shorts(pairs) << 8) - shorts(tens) * shorts(Lanes::keep(2559 * kEach16)));
  }
  // Counts the bytes before the first that is not zero.
  static Words leading_zeros(Words digits) {
    const Words below = ~digits & (digits - Lanes::keep(1));
    return Lanes::sum_bytes((below >> 7) & Lanes::keep(0x0101010101010101));
  }

 private:
  static constexpr uint64_t kEach16 = 0x0001000100010001;
  static Shorts shorts(Words a) { return reinterpret_cast<Shorts>(a); }
  static Words words(Shorts a) { return reinterpret_cast<Words>(a); }
};

// Sixteen digits of each number, in two words.
template <class Lanes>
struct LaneNumbers {
  using Words = typename Lanes::Words;
  Words high{}, low{};
  Words minus{};  // all ones where the number is negative

  // False where a number is not below the limit.
  template <class T>
  bool load(const T* values) {
    typedef T Given __attribute__((vector_size(Lanes::kCount * sizeof(T))));
    Given given;
    std::memcpy(&given, values, sizeof given);
    Words value = reinterpret_cast<Words>(__builtin_convertvector(given, typename Lanes::Signed));
    if constexpr (std::is_signed_v<T>) {
      minus = reinterpret_cast<Words>(reinterpret_cast<typename Lanes::Signed>(value) < 0);
      value = (value ^ minus) - minus;
    }
    return split(value);
  }

  // Takes doubles as so many millionths; false where one is none, or is written with an exponent. Below 2^52 a number
  // is the lower bits of 2^52 and it. Of up to 15 digits no two decimals are the same double.
  bool load(const double* values) {
    typedef double Doubles __attribute__((vector_size(sizeof(Words))));
    constexpr double kOne = 1e6, kEnd = 4503599627370496;
    Words bits;
    std::memcpy(&bits, values, sizeof bits);
    minus = reinterpret_cast<Words>(reinterpret_cast<typename Lanes::Signed>(bits) < 0);
    const Doubles magnitude = reinterpret_cast<Doubles>(bits & Lanes::keep(~uint64_t{0} >> 1));
    const Doubles shifted = magnitude * kOne + kEnd;
    const Words value = reinterpret_cast<Words>(shifted) ^ Lanes::keep(std::bit_cast<uint64_t>(kEnd));
    const auto other = reinterpret_cast<Words>((shifted - kEnd) / kOne != magnitude);
    const auto small = reinterpret_cast<Words>(reinterpret_cast<typename Lanes::Signed>(value) < 1000);
    const auto zero = reinterpret_cast<Words>(value == Words{});
    if (Lanes::any(other | (small & ~zero)) || !split(value)) return false;
    // Hundreds of thousands, and nothing else.
    return !Lanes::any(reinterpret_cast<Words>((high >> 40 | low) == Words{}) & ~zero);
  }

  void store(const NumberForm& form, const SlotColumn& slots) const {
    const Texts texts = put(form);
    Lanes::store(texts.even, texts.odd, slots);
  }

  // Leaves out the zeros that end a fraction, and the point where nothing else is left of it.
  void store_without_zeros(const NumberForm& form, const SlotColumn& slots) const {
    constexpr uint64_t kEach = 0x0101010101010101, kBut15 = 0x00FFFFFFFFFFFFFF, kBut0 = 0xFFFFFFFFFFFFFF00;
    Words others = ((low + Lanes::keep(0x7F * kEach)) >> 7) & Lanes::keep(kEach);
    for (const int distance : {8, 16, 32}) others |= others >> distance;  // and all digits before one that is not zero
    const Words zeros = Lanes::keep(8) - Lanes::sum_bytes(others);
    const auto whole =
        reinterpret_cast<Words>(reinterpret_cast<typename Lanes::Signed>(zeros) >= static_cast<int64_t>(form.scale));
    const Words cut = (zeros & ~whole) | (whole & Lanes::keep(form.scale + 1u));
    // Each byte comes from so many places before it; of 16 and more only the lower four bits count, and of 128 nothing.
    const Words four = Lanes::multiply(cut, Lanes::keep(0x01010101)), eight = four | four << 32;
    const Words above = Lanes::keep(0x1716151413121180) - (eight & Lanes::keep(kBut0));
    const Words below = Lanes::keep(0x1F1E1D1C1B1A1918) - (eight & Lanes::keep(kBut15));
    const Texts texts = put(form);
    const Words length = texts.length - cut;
    Lanes::store(Lanes::shuffle(texts.even, Lanes::even_pairs(above, below)) | Lanes::even_pairs(length, Words{}),
                 Lanes::shuffle(texts.odd, Lanes::odd_pairs(above, below)) | Lanes::odd_pairs(length, Words{}), slots);
  }

 private:
  struct Texts {
    Words even, odd;  // the slots of every other number
    Words length;     // of text and end
  };

  bool split(Words value) {
    if (is_above(value, NumberForm::kLimit)) return false;
    if (is_above(value, 100'000'000)) {
      // 10^8 is 256 * 390625, and 2882303762 / 2^50 a little more than 1 / 390625: exact for 32 bits.
      const Words upper = Lanes::multiply(value >> 8, Lanes::keep(2882303762)) >> 50;
      value -= Lanes::multiply(upper, Lanes::keep(100'000'000));
      high = LaneDigits<Lanes>::split(upper);
    }
    low = LaneDigits<Lanes>::split(value);
    return true;
  }

  Texts put(const NumberForm& form) const {
    using Digits = LaneDigits<Lanes>;
    const Words zeros_above = Digits::leading_zeros(high | Lanes::keep(form.always[0]));
    const Words none_above = reinterpret_cast<Words>(zeros_above == Lanes::keep(8));
    const Words zeros = zeros_above + (none_above & Digits::leading_zeros(low | Lanes::keep(form.always[1])));
    const Words length = Lanes::keep(form.scale > 0 ? 18 : 17) - zeros - minus;
    // Turns the zero before the first digit into a sign.
    const Words sign = minus & Lanes::keep('0' ^ '-'), place = Lanes::keep(128) - (length << 3);
    const Words above = Lanes::shift_left(sign, place) | length;
    const Words below = Lanes::shift_left(sign, place - Lanes::keep(64));
    const Words places = Lanes::repeat(form.places), signs = Lanes::repeat(form.signs);
    const auto text = [&](Words digits, Words rest) { return (Lanes::shuffle(digits, places) | signs) ^ rest; };
    return {text(Lanes::even_pairs(high, low), Lanes::even_pairs(above, below)),
            text(Lanes::odd_pairs(high, low), Lanes::odd_pairs(above, below)), length};
  }

  static bool is_above(Words value, uint64_t end) { return Lanes::any((value | (Lanes::keep(end - 1) - value)) >> 63); }
};

template <class Lanes, class T>
size_t fill_numbers(const std::byte* values, size_t rows, const NumberForm& given_form, const SlotColumn& given_slots) {
  // Copies, so that the slots written cannot be taken for changes of them.
  const NumberForm form = given_form;
  const SlotColumn slots = given_slots;
  static_assert(kNumbersAtOnce % Lanes::kCount == 0);
  const T* given = reinterpret_cast<const T*>(values);
  size_t row = 0;
  const auto fill = [&](const T* from) {
    LaneNumbers<Lanes> numbers;
    foresee(from);
    if (!numbers.load(from)) return false;
    if constexpr (std::is_floating_point_v<T>)
      numbers.store_without_zeros(form, slots.from(row));
    else
      numbers.store(form, slots.from(row));
    return true;
  };
  for (; row + Lanes::kCount <= rows; row += Lanes::kCount) {
    if (!fill(given + row)) return row;
  }
  if (row == rows) return rows;
  T rest[Lanes::kCount] = {};
  std::memcpy(rest, given + row, (rows - row) * sizeof(T));
  return fill(rest) ? rows : row;
}

template <class Lanes>
struct LaneLoops {
  template <class T>
  static constexpr FillNumbers loop = fill_numbers<Lanes, T>;
  static constexpr FillNumbers doubles = fill_numbers<Lanes, double>;
};

// `Loops` gives the loop of each type.
template <class Loops>
FillNumbers choose_numbers(const Type& type) noexcept {
  if (type.scale > NumberForm::kMostScale) return nullptr;
  switch (type.id) {
    case TypeId::kInt8:
      return Loops::template loop<int8_t>;
    case TypeId::kInt16:
      return Loops::template loop<int16_t>;
    case TypeId::kInt32:
    case TypeId::kDecimal32:
      return Loops::template loop<int32_t>;
    case TypeId::kInt64:
    case TypeId::kDecimal64:
      return Loops::template loop<int64_t>;
    case TypeId::kUInt8:
      return Loops::template loop<uint8_t>;
    case TypeId::kUInt16:
      return Loops::template loop<uint16_t>;
    case TypeId::kUInt32:
      return Loops::template loop<uint32_t>;
    case TypeId::kUInt64:
      return Loops::template loop<uint64_t>;
    case TypeId::kFloat64:
      return Loops::doubles;
    default:
      return nullptr;
  }
}

}  // namespace
}  // namespace flatbed
