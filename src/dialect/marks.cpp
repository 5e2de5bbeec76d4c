// What a file has besides its syntax. Enters: the records of a sample. Leaves: what lines of notes begin with, how many
// records stand behind the table, and the marks in numbers. Invariant: a mark is told only where a number proves it.
#include "dialect/marks.hpp"

#include <algorithm>

namespace flatbed {
namespace {

constexpr std::string_view kDigits = "0123456789";

std::string_view first_text(const SampleTable& table, const SampleRecord& record) {
  const SampleCell& cell = table.cells[record.first_cell];
  return cell.quoted ? std::string_view() : cell.text;
}

// A record that begins with # and has another width than the table is a note.
std::string comment_of(const Scored& best) {
  for (const SampleRecord& record : best.table.records)
    if (!record.blank && best.width > 1 && record.cells != best.width &&
        first_text(best.table, record).starts_with('#'))
      return "#";
  return "";
}

bool is_row(const Scored& best, const SampleRecord& record) {
  return record.cells == best.width && filled(best.table, record) > 1;
}

// Counts the records behind the last one that is a row.
uint32_t count_footer(const Scored& best) {
  const auto& records = best.table.records;
  if (best.width < 3) return 0;
  uint32_t rows = 0;
  for (size_t at = records.size(); at > best.first + 1 && !is_row(best, records[at - 1]); --at) {
    const SampleRecord& record = records[at - 1];
    rows += !record.blank && filled(best.table, record) > 0;
  }
  return rows;
}

// How often each mark stood where only a decimal mark, or only one between thousands, can stand.
struct Proofs {
  size_t decimal_point = 0, decimal_comma = 0, point_groups = 0, comma_groups = 0;

  void add(std::string_view number) {
    const size_t first = number.find_first_of(".,");
    if (first == number.npos) return;
    const size_t last = number.find_last_of(".,");
    const size_t before = number.find_first_not_of(kDigits) == first ? first : 0;
    if (number[first] != number[last]) {
      add_groups(number[first]);
      add_decimal(number[last]);
    } else if (first != last) {
      add_groups(number[first]);
    } else if (number.size() - last - 1 != 3 || before == 0 || before > 3 || number[0] == '0') {
      add_decimal(number[last]);
    }
  }

  void add_decimal(char mark) { ++(mark == ',' ? decimal_comma : decimal_point); }
  void add_groups(char mark) { ++(mark == ',' ? comma_groups : point_groups); }
};

// Numbers without sign, currency and percent.
std::string_view bare(std::string_view text) {
  const size_t begin = text.find_first_of(kDigits);
  const size_t end = text.find_last_of(kDigits);
  return begin == text.npos ? std::string_view() : text.substr(begin, end + 1 - begin);
}

}  // namespace

void find_marks(const Scored& best, bool whole, Dialect& dialect) {
  dialect.comment = comment_of(best);
  dialect.footer_rows = whole ? count_footer(best) : 0;
  Proofs proofs;
  for (size_t at = best.first; at < best.table.records.size(); ++at) {
    const SampleRecord& record = best.table.records[at];
    for (size_t cell = record.first_cell; cell < record.first_cell + record.cells; ++cell) {
      if (best.table.cells[cell].kind == CellKind::kNumber) proofs.add(bare(best.table.cells[cell].text));
    }
  }
  const bool comma = proofs.decimal_comma > proofs.decimal_point;
  dialect.decimal = comma ? "," : proofs.decimal_point > 0 ? "." : "";
  const size_t groups = comma ? proofs.point_groups : proofs.comma_groups;
  dialect.thousands = groups == 0 ? "" : comma ? "." : ",";
}

}  // namespace flatbed
