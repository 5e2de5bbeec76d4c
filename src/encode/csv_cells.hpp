// The cells of a batch in slots, some rows at a time.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "columns/format.hpp"
#include "encode/csv_rules.hpp"
#include "encode/slots.hpp"
#include "flatbed/batch.hpp"
#include "flatbed/status.hpp"

namespace flatbed {

/// LIFETIME: the rules, and the batch that is prepared, outlive it.
class CsvCells {
 public:
  explicit CsvCells(const CsvRules& rules, const SlotKernel& kernel = slot_kernel())
      : rules_(&rules), kernel_(&kernel) {}

  /// ERRORS: kBadOption for a time zone that is not known; kInexact for NULLs that have no text.
  Status prepare(const Batch& batch);
  /// Rows that fill() takes at once.
  size_t most_rows() const noexcept { return most_rows_; }
  /// Fills the slots of some rows. Returns the first of them that the dialect cannot write, if there is one.
  /// REQUIRES: `first` is a multiple of most_rows(), and `rows` is at most that.
  std::optional<size_t> fill(size_t first, size_t rows);
  /// The slots of a row, counted from `first`; 16 bytes behind them are readable. REQUIRES: fill().
  std::span<const Slot> row(size_t row) const noexcept { return {&slots_[row * stride_], cells_.size()}; }
  /// Most bytes of the rows that fill() took, quotes and ends included.
  size_t most_bytes(size_t rows) const noexcept { return rows * cells_.size() * sizeof(Slot) + outside_bytes_; }
  /// Counts the NULLs that end a row of the batch.
  size_t ending_nulls(size_t row) const noexcept;

 private:
  enum class Kind : uint8_t { kNumber, kDay, kText, kValue };
  struct Cell {
    const Column* column = nullptr;
    Kind kind = Kind::kValue;
    size_t width = 0;
    CellPlace place{};
    char end = 0;
    bool is_checked = false;  // its text may need quotes
    ValueFormat format{};     // unless kText
    FillNumbers numbers = nullptr;
    std::optional<NumberForm> number_form{};
    TextForm text_form{};
  };

  Status add(const Column& column, bool nested, bool last);
  void look_for_signs(Cell& cell) const;
  void fill_numbers(const Cell& cell, size_t first, size_t rows, const SlotColumn& slots);
  void fill_days(const Cell& cell, size_t first, size_t rows, const SlotColumn& slots);
  void fill_texts(const Cell& cell, size_t first, size_t rows, const SlotColumn& slots);
  void fill_values(const Cell& cell, size_t first, size_t rows, const SlotColumn& slots);
  void fill_nulls(const Cell& cell, size_t first, size_t rows, const SlotColumn& slots);
  Slot value_slot(const Cell& cell, size_t row);
  Slot checked_slot(const Cell& cell, size_t row, std::string_view text);
  Slot slot_of(const char* text, size_t length, char end);

  const CsvRules* rules_;
  const SlotKernel* kernel_;
  std::vector<Cell> cells_{};
  std::vector<Column> nested_{};  // their text
  std::vector<Slot> slots_{};
  size_t stride_ = 0, most_rows_ = 0;
  OutsideTexts outside_{};
  size_t outside_bytes_ = 0;
  std::optional<size_t> impossible_{};
};

/// Tells whether values of a type are text that a dialect may mistake.
bool is_text(TypeId id) noexcept;

}  // namespace flatbed
