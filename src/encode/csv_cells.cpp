// The columns of a batch to slots. Enters: some rows. Leaves: a slot for each cell, with quotes where they are needed.
// Invariant: every kernel, and every way to cut a batch, gives the same cells.
#include "encode/csv_cells.hpp"

#include <algorithm>

#include "columns/nested_text.hpp"

namespace flatbed {
namespace {

constexpr size_t kSliceBytes = size_t{1} << 15;  // slots, or the values themselves, that stay in the nearest cache

// An odd number of slots a row: those of a column do not all fall on the same places of the cache.
constexpr size_t stride_of(size_t cells) noexcept {
  return cells | 1;
}

Error in_column(Error error, const Batch& batch, size_t index) {
  error.where.column = static_cast<uint32_t>(index);
  error.where.column_name = batch.schema().fields[index].name;
  return error;
}

}  // namespace

bool is_text(TypeId id) noexcept {
  return id == TypeId::kString || id == TypeId::kFixedString || id == TypeId::kEnum8 || id == TypeId::kEnum16;
}

Status CsvCells::prepare(const Batch& batch) {
  cells_.clear();
  nested_.clear();
  nested_.reserve(batch.columns().size());
  for (const Column& given : batch.columns()) {
    const bool nested = is_read_from_text(given.type.id);
    const Column& column = nested ? nested_.emplace_back(texts_of(given)) : given;
    if (Status added = add(column, nested, cells_.size() + 1 == batch.columns().size()); !added)
      return in_column(std::move(added).error(), batch, cells_.size());
  }
  stride_ = stride_of(cells_.size());
  const size_t row_bytes = std::max(stride_ * sizeof(Slot), batch.rows() == 0 ? 0 : batch.bytes() / batch.rows());
  const size_t groups = kSliceBytes / row_bytes / kNumbersAtOnce;
  most_rows_ = std::max<size_t>(groups, 1) * kNumbersAtOnce;
  slots_.resize(std::max(slots_.size(), most_rows_ * stride_ + 1));
  return {};
}

Status CsvCells::add(const Column& column, bool nested, bool last) {
  const Type& type = column.type;
  Cell cell{.column = &column, .width = byte_width(type)};
  cell.place = {.takes_empty = type.id == TypeId::kString && !type.nullable,
                .first = cells_.empty(),
                .alone = cells_.empty() && last,
                .nested = nested};
  cell.end = last || rules_->delimiter.empty() ? '\n' : rules_->delimiter.front();
  cell.is_checked = rules_->may_meet_values() || is_text(type.id);
  if (type.id == TypeId::kString) {
    cell.kind = Kind::kText;
    look_for_signs(cell);
  } else {
    auto format = ValueFormat::of(type);
    if (!format) return std::move(format).error();
    cell.format = *format;
    cell.numbers = kernel_->numbers(type);
    if (cell.numbers != nullptr) cell.number_form.emplace(type, cell.end);
    if (cell.numbers != nullptr && !cell.is_checked) cell.kind = Kind::kNumber;
    if ((type.id == TypeId::kDate || type.id == TypeId::kDate32) && !cell.is_checked) cell.kind = Kind::kDay;
  }
  if (column.nulls != 0 && rules_->nulls.empty() && !rules_->as_is) {
    return Error{.code = Code::kInexact,
                 .message = "a NULL cannot be written: the dialect has no text for it",
                 .hint = "give the dialect a null text, such as \\N"};
  }
  cells_.push_back(std::move(cell));
  return {};
}

void CsvCells::look_for_signs(Cell& cell) const {
  static constexpr char kNoText[1] = {};
  TextForm& form = cell.text_form;
  const CsvRules& rules = *rules_;
  form.views = cell.column->as<TextView>().data();
  form.views_end = cell.column->values.chars() + cell.column->values.size();
  for (const Buffer& buffer : cell.column->texts) form.buffers.emplace_back(buffer.chars(), buffer.size());
  if (form.buffers.empty()) form.buffers.emplace_back(kNoText, 0);
  form.wraps = {rules.delimiter.empty() ? '\n' : rules.delimiter.front(), '\n', '\r'};
  form.stops = {rules.quote == 0 ? '\n' : rules.quote, rules.escape == 0 ? '\n' : rules.escape};
  form.wraps_stop = rules.quote == 0 || rules.escape == 0;
  form.empty_stops = rules.need_of("", cell.place) != Need::kNothing;
  form.end = cell.end;
  const auto mark = [&](char c, unsigned edge) {
    uint8_t& edges = form.edges[static_cast<unsigned char>(c)];
    edges = static_cast<uint8_t>(edges | edge);
  };
  if (!rules.keeps_spaces())
    for (const char space : {' ', '\t'}) mark(space, TextForm::kWrapBefore | TextForm::kWrapBehind);
  for (const std::string& null : rules.nulls)
    if (!null.empty()) mark(null.front(), TextForm::kStopBefore);
  if (cell.place.first) mark(kByteOrderMark.front(), TextForm::kStopBefore);
  if (rules.formula_safe)
    for (const char sign : kFormulaSigns) mark(sign, TextForm::kStopBefore);
}

std::optional<size_t> CsvCells::fill(size_t first, size_t rows) {
  outside_.clear();
  outside_bytes_ = 0;
  impossible_.reset();
  for (size_t i = 0; i < cells_.size(); ++i) {
    const Cell& cell = cells_[i];
    const SlotColumn slots{&slots_[i], stride_};
    switch (cell.kind) {
      case Kind::kNumber:
        fill_numbers(cell, first, rows, slots);
        break;
      case Kind::kDay:
        fill_days(cell, first, rows, slots);
        break;
      case Kind::kText:
        fill_texts(cell, first, rows, slots);
        break;
      case Kind::kValue:
        fill_values(cell, first, rows, slots);
        break;
    }
    if (cell.column->nulls != 0) fill_nulls(cell, first, rows, slots);
  }
  return impossible_;
}

void CsvCells::fill_numbers(const Cell& cell, size_t first, size_t rows, const SlotColumn& slots) {
  const std::byte* values = cell.column->values.data() + first * cell.width;
  for (size_t row = 0; row < rows;) {
    row += cell.numbers(values + row * cell.width, rows - row, *cell.number_form, slots.from(row));
    const size_t end = std::min(rows, row + kNumbersAtOnce);
    for (; row < end; ++row) slots[row] = value_slot(cell, first + row);
  }
}

void CsvCells::fill_days(const Cell& cell, size_t first, size_t rows, const SlotColumn& slots) {
  const Slot* const days = day_slots();
  const bool wide = cell.column->type.id == TypeId::kDate32;
  for (size_t row = 0; row < rows; ++row) {
    const size_t day = wide ? static_cast<uint32_t>(cell.column->as<int32_t>()[first + row])
                            : cell.column->as<uint16_t>()[first + row];
    slots[row] = day < kSlotDays ? days[day].ended(cell.end) : value_slot(cell, first + row);
  }
}

void CsvCells::fill_values(const Cell& cell, size_t first, size_t rows, const SlotColumn& slots) {
  for (size_t row = 0; row < rows; ++row) slots[row] = value_slot(cell, first + row);
}

void CsvCells::fill_texts(const Cell& cell, size_t first, size_t rows, const SlotColumn& slots) {
  const TextForm& form = cell.text_form;
  FillTexts fill = kernel_->short_texts;
  for (size_t row = 0;;) {
    row += fill(form, first + row, first + rows, slots.from(row), outside_bytes_);
    if (row == rows) return;
    if (fill == kernel_->short_texts && form.views[first + row].length > TextView::kInlineBytes) {
      fill = kernel_->texts;
      continue;
    }
    slots[row] = checked_slot(cell, first + row, cell.column->text(first + row));
    if (++row == rows) return;
  }
}

void CsvCells::fill_nulls(const Cell& cell, size_t first, size_t rows, const SlotColumn& slots) {
  char text[16] = {};
  const std::string& null = rules_->null_text;
  const bool fits = null.size() <= Slot::kInside;
  if (fits) std::memcpy(text, null.data(), null.size());
  for (size_t row = 0; row < rows; ++row) {
    if (!cell.column->is_null(first + row)) continue;
    if (fits) {
      slots[row] = Slot::inside(short_text(text), null.size(), cell.end);
    } else {
      char* const to = outside_.room(null.size());
      std::memcpy(to, null.data(), null.size());
      slots[row] = slot_of(to, null.size(), cell.end);
    }
  }
}

Slot CsvCells::value_slot(const Cell& cell, size_t row) {
  char* const to = outside_.room(cell.format.most());
  const char* const end = cell.format.put(cell.column->values.data() + row * cell.width, to);
  const auto length = static_cast<size_t>(end - to);
  if (!cell.is_checked) return slot_of(to, length, cell.end);
  outside_.keep(length);
  return checked_slot(cell, row, {to, length});
}

Slot CsvCells::checked_slot(const Cell& cell, size_t row, std::string_view text) {
  if (cell.column->is_null(row)) return Slot::inside(0, 0, cell.end);  // until fill_nulls()
  std::string safe;
  if (rules_->formula_safe && is_text(cell.column->type.id) && is_formula(text)) {
    safe = '\'' + std::string(text);
    text = safe;
  }
  const Need need = rules_->need_of(text, cell.place);
  if (need == Need::kImpossible) impossible_ = std::min(impossible_.value_or(row), row);
  char* const to = outside_.room(2 * text.size() + 8);
  return slot_of(to, static_cast<size_t>(rules_->put_as(need, text, to) - to), cell.end);
}

// A slot of a text that was made in the room outside.
Slot CsvCells::slot_of(const char* text, size_t length, char end) {
  if (length <= Slot::kInside) return Slot::inside(short_text(text), length, end);
  outside_.keep(length);
  outside_bytes_ += length;
  return Slot::outside(text, length, false, end);
}

size_t CsvCells::ending_nulls(size_t row) const noexcept {
  const auto is_value = [&](const Cell& cell) { return !cell.column->is_null(row); };
  return static_cast<size_t>(std::find_if(cells_.rbegin(), cells_.rend(), is_value) - cells_.rbegin());
}

}  // namespace flatbed
