// The cells of some rows, each in a slot of 16 bytes, before they are put together to lines: columns fill their slots
// without a branch on a value, and a line is one copy of 16 bytes a cell.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "flatbed/batch.hpp"

namespace flatbed {

/// A cell and the byte that ends it, a delimiter or a line end. Up to 14 bytes of text lie inside, at the end of the
/// slot; longer text lies elsewhere, with kReadable bytes that may be read from its begin on, and from each
/// kReadable-th byte of it.
struct alignas(16) Slot {
  static constexpr size_t kInside = 14;
  static constexpr size_t kReadable = 64;

  __extension__ typedef unsigned __int128 Text;  ///< sixteen bytes, the first one lowest

  /// REQUIRES: length <= kInside. What stands behind the text is left out.
  static Slot inside(Text text, size_t length, char end) noexcept;
  static Slot outside(const char* text, size_t length, bool quoted, char end) noexcept;
  /// The same text with an end, where it had a zero byte for one. REQUIRES: inside().
  Slot ended(char end) const noexcept;

  unsigned char bytes[16];  ///< [0]: bytes of text and end, or kOutside, then see Outside
  static constexpr unsigned char kOutside = 0x80;
};

struct OutsideText {
  unsigned char mark = Slot::kOutside;
  char end = 0;
  bool quoted = false;  ///< a quote is to be put on both sides
  uint32_t length = 0;
  const char* text = nullptr;
};
static_assert(sizeof(OutsideText) == sizeof(Slot));

inline Slot Slot::inside(Text text, size_t length, char end) noexcept {
  const Text placed = text << (8 * (15 - length)) << 8 >> 8;
  return std::bit_cast<Slot>(placed | Text{static_cast<unsigned char>(end)} << 120 | (length + 1));
}

inline Slot Slot::ended(char end) const noexcept {
  return std::bit_cast<Slot>(std::bit_cast<Text>(*this) | Text{static_cast<unsigned char>(end)} << 120);
}

/// Reads the text of a short view, or of any place that is readable so far.
inline Slot::Text short_text(const TextView& view) noexcept {
  return std::bit_cast<Slot::Text>(view) >> (8 * offsetof(TextView, inlined));
}
inline Slot::Text short_text(const char* text) noexcept {
  Slot::Text bytes;
  std::memcpy(&bytes, text, sizeof bytes);
  return bytes;
}

inline Slot Slot::outside(const char* text, size_t length, bool quoted, char end) noexcept {
  return std::bit_cast<Slot>(
      OutsideText{.end = end, .quoted = quoted, .length = static_cast<uint32_t>(length), .text = text});
}

/// Where the slots of a column lie among those of its rows.
struct SlotColumn {
  Slot* first = nullptr;
  size_t stride = 0;  ///< from one row to the next
  Slot& operator[](size_t row) const noexcept { return first[row * stride]; }
  SlotColumn from(size_t row) const noexcept { return {first + row * stride, stride}; }
};

/// How integers, decimals of up to 64 bits and doubles of few places are laid out in a slot.
/// REQUIRES: scale <= kMostScale.
struct NumberForm {
  static constexpr unsigned kMostScale = 11;
  static constexpr unsigned kPlacesOfDoubles = 6;        ///< the zeros at their end are left out
  static constexpr uint64_t kLimit = 1'000'000'000'000;  ///< greater magnitudes may not fit

  NumberForm(unsigned scale, char end) noexcept;
  NumberForm(const Type& type, char end) noexcept
      : NumberForm(type.id == TypeId::kFloat64 ? kPlacesOfDoubles : unsigned{type.scale}, end) {}
  unsigned scale = 0;
  std::array<uint8_t, 16> places{};  ///< of each byte of the slot, its digit of 16 ones; 128: none
  std::array<uint8_t, 16> signs{};   ///< of each byte of the slot, what is added to its digit
  std::array<uint64_t, 2> always{};  ///< bits of bytes that are digits however small the number is
};

/// Fills the slots of rows as far as it knows how to; returns how many. REQUIRES: slots of `rows` rows, rounded up to
/// kNumbersAtOnce.
using FillNumbers = size_t (*)(const std::byte* values, size_t rows, const NumberForm& form, const SlotColumn& slots);
inline constexpr size_t kNumbersAtOnce = 8;

/// A column of texts, and what is looked for in them.
struct TextForm {
  enum Edge : uint8_t { kWrapBefore = 1, kWrapBehind = 2, kStopBefore = 4 };

  const TextView* views = nullptr;
  std::vector<std::span<const char>> buffers{};  ///< what views point into; one at least
  const char* views_end = nullptr;
  std::array<char, 3> wraps{};       ///< bytes for which a text is put in quotes
  std::array<char, 2> stops{};       ///< bytes that need more than that
  std::array<uint8_t, 256> edges{};  ///< of each byte, which of Edge it is as the first or the last one of a text
  bool wraps_stop = false;           ///< quotes are not that simple
  bool empty_stops = false;          ///< as is an empty text
  char end = 0;
};

/// Fills the slots of rows, up to the first one that it does not know how to; returns how many. Adds to `outside` the
/// bytes of the texts that are not inside their slots.
using FillTexts = size_t (*)(const TextForm& form, size_t row, size_t last, const SlotColumn& slots, size_t& outside);

/// One way to fill slots. All fill them alike, but some know more cases than others.
struct SlotKernel {
  std::string_view name;                         ///< of the index kernel that runs on the same CPUs
  FillNumbers (*numbers)(const Type&) noexcept;  ///< null for a type that is left to ValueFormat
  FillTexts short_texts;                         ///< of up to 12 bytes
  FillTexts texts;                               ///< of any length, put outside
};

/// All that are built for this architecture.
std::span<const SlotKernel* const> slot_kernels() noexcept;
/// The one of this process.
const SlotKernel& slot_kernel() noexcept;

/// The slots of the days from 1970-01-01 to 2149-06-06, with a zero byte for an end. COST: a millisecond the first
/// time.
inline constexpr size_t kSlotDays = 65536;
const Slot* day_slots();

/// Texts for slots to point to. They stay where they are until all are cleared.
class OutsideTexts {
 public:
  /// Returns room for `bytes` bytes, with kReadable readable ones behind. What is not kept is room again.
  char* room(size_t bytes);
  void keep(size_t bytes) noexcept { used_ += bytes; }
  void clear() noexcept;

 private:
  std::vector<std::unique_ptr<char[]>> blocks_{};
  size_t used_ = 0, size_ = 0;  // of the last block
};

#if defined(__x86_64__)
extern const SlotKernel kAvx2Slots, kAvx512Slots;
#endif

}  // namespace flatbed
