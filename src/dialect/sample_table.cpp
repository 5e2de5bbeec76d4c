// A sample cut into records under one dialect. Enters: text and a dialect to try. Leaves: cells, and counts of what
// speaks for and against the dialect. Invariant: every byte of the sample is looked at once.
#include "dialect/sample_table.hpp"

#include <algorithm>
#include <array>

namespace flatbed {
namespace {

class Cutter {
 public:
  Cutter(std::string_view text, const Trial& trial) : text_(text), trial_(trial) {
    stops_[static_cast<unsigned char>('\n')] = stops_[static_cast<unsigned char>('\r')] = true;
    if (!trial.delimiter.empty()) stops_[static_cast<unsigned char>(trial.delimiter[0])] = true;
  }

  bool done() const noexcept { return at_ >= text_.size(); }

  // Cuts the next record. Returns false when the text ended before the record did.
  bool record(SampleTable& table) {
    SampleRecord record{.first_cell = table.cells.size(), .line = line_};
    const size_t begin = at_;
    while (trial_.runs && !done() && delimiter_here()) ++at_;
    bool more = true;
    while (more) {
      SampleCell& last = table.cells.emplace_back(cell(table));
      last.kind = cell_kind(last.text);
      more = skip_delimiter();
    }
    record.cells = table.cells.size() - record.first_cell;
    record.blank = at_ == begin;
    const bool ended = skip_line_end(table);
    table.records.push_back(record);
    return ended;
  }

 private:
  SampleCell cell(SampleTable& table) {
    if (trial_.quote != 0) {
      // A space before a quote is common; the reader is stricter, but the quote tells the dialect all the same.
      size_t open = at_;
      while (open < text_.size() && text_[open] == ' ' && trial_.delimiter != " ") ++open;
      if (open < text_.size() && text_[open] == trial_.quote) {
        const bool spaced = open > at_;
        SampleCell cell = quoted(open + 1, table);
        cell.spaced = spaced;
        return cell;
      }
    }
    const size_t begin = at_;
    to_stop();
    const std::string_view text = text_.substr(begin, at_ - begin);
    if (trial_.quote != 0)
      table.outside_quotes += static_cast<size_t>(std::count(text.begin(), text.end(), trial_.quote));
    return {.text = text, .spaced = text.starts_with(' ')};
  }

  SampleCell quoted(size_t begin, SampleTable& table) {
    at_ = begin;
    size_t escaped = 0;
    bool closed = false;
    for (; at_ < text_.size() && !closed; ++at_) {
      const char c = text_[at_];
      if (c == trial_.escape && trial_.escape != trial_.quote && at_ + 1 < text_.size()) {
        escaped += text_[at_ + 1] == trial_.quote;
        ++at_;
      } else if (c == trial_.quote) {
        if (trial_.escape == trial_.quote && at_ + 1 < text_.size() && text_[at_ + 1] == trial_.quote) {
          ++escaped;
          ++at_;
        } else {
          closed = true;
        }
      }
      if (text_[at_] == '\n') ++line_;
    }
    SampleCell cell{.text = text_.substr(begin, at_ - begin - (closed ? 1 : 0)), .quoted = true};
    const size_t after = at_;
    to_stop();
    const std::string_view tail = text_.substr(after, at_ - after);
    cell.faulty = !closed || tail.find_first_not_of(' ') != std::string_view::npos;
    table.open += !closed;
    table.faulty += cell.faulty;
    table.quoted += !cell.faulty;
    if (!cell.faulty) table.escaped += escaped;
    count_backslashes(cell.text, table);
    return cell;
  }

  static void count_backslashes(std::string_view text, SampleTable& table) {
    for (size_t at = text.find('\\'); at != std::string_view::npos; at = text.find('\\', at)) {
      const size_t end = std::min(text.find_first_not_of('\\', at), text.size());
      table.paired_backslashes += (end - at) / 2;
      table.lone_backslashes += (end - at) % 2;
      at = end;
    }
  }

  void to_stop() {
    while (at_ < text_.size() && (!stops_[static_cast<unsigned char>(text_[at_])] || !stops_here())) ++at_;
  }
  bool stops_here() const { return text_[at_] == '\n' || text_[at_] == '\r' || delimiter_here(); }
  bool delimiter_here() const {
    return !trial_.delimiter.empty() && text_.substr(at_, trial_.delimiter.size()) == trial_.delimiter;
  }
  bool skip_delimiter() {
    if (done() || !delimiter_here()) return false;
    do at_ += trial_.delimiter.size();
    while (trial_.runs && !done() && delimiter_here());
    return !trial_.runs || !(done() || text_[at_] == '\n' || text_[at_] == '\r');
  }
  bool skip_line_end(SampleTable& table) {
    if (done()) return false;
    const bool pair = text_[at_] == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n';
    ++(pair ? table.crlf : text_[at_] == '\r' ? table.cr : table.lf);
    at_ += pair ? 2 : 1;
    ++line_;
    return true;
  }

  std::string_view text_;
  Trial trial_;
  std::array<bool, 256> stops_{};
  size_t at_ = 0;
  uint32_t line_ = 0;
};

}  // namespace

SampleTable cut_sample(std::string_view text, bool whole, const Trial& trial, size_t most_records) {
  SampleTable table;
  Cutter cutter(text, trial);
  while (!cutter.done() && table.records.size() < most_records) {
    const size_t quoted = table.quoted, escaped = table.escaped, faulty = table.faulty;
    if (cutter.record(table) || whole || table.records.size() == 1) continue;
    table.cells.resize(table.records.back().first_cell);
    table.records.pop_back();
    table.quoted = quoted;
    table.escaped = escaped;
    table.faulty = faulty;
  }
  return table;
}

size_t filled(const SampleTable& table, const SampleRecord& record) noexcept {
  size_t count = 0;
  for (size_t at = 0; at < record.cells; ++at) count += table.cells[record.first_cell + at].kind != CellKind::kEmpty;
  return count;
}

}  // namespace flatbed
